using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Naming;
using EgressAlerts.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Naming;

public sealed class NetworkTableTests
{
    [Fact]
    public void The_most_specific_of_any_networks_is_found_as_by_looking_at_each()
    {
        // Few bits that differ, so that networks nest and touch.
        var network = from kind in Gen.Choose(0, 2) from bits in Gen.Choose(0, 255) from length in Gen.Choose(0, 32) select Network(kind, bits, length);
        var address = from kind in Gen.Choose(0, 2) from bits in Gen.Choose(0, 255) select Address(kind, bits);
        var cases = from networks in network.ArrayOf() from addresses in address.ArrayOf() select (networks, addresses);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(cases.ToArbitrary(), these =>
        {
            var table = new NetworkTable(these.networks);
            return these.addresses.All(wanted => table.Find(wanted)?.Value.Name == these.networks
                .Where(one => one.Cidr.Contains(wanted))
                .OrderByDescending(one => one.Cidr.PrefixLength)
                .FirstOrDefault()?.Name);
        }));
    }

    [Theory]
    [InlineData("nowhere.csv", "nowhere.csv:0: this cannot be read: ")]
    [InlineData("nowhere.json", "nowhere.json:0: this is not a readable ip-ranges.json: ")]
    [InlineData("nowhere.yml", "nowhere.yml:0: the file cannot be read: ")]
    public void A_file_that_is_not_there_is_refused_with_a_reason(string file, string error) =>
        Assert.StartsWith(error, Assert.Throws<InvalidDataException>(() => NetworkFile.Read(file)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_with_many_errors_tells_the_first_five_and_how_many_there_are_beside()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("nets.csv", "10.0.0.0/8,one\n" + string.Concat(Enumerable.Repeat("nonsense\n", 7)));
        var message = Assert.Throws<InvalidDataException>(() => NetworkFile.Read(file)).Message;
        Assert.Equal(5, message.Split($"{file}:").Length - 1);
        Assert.EndsWith("; and 2 more", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prefixes":[{"ip_prefix":"3.5.0.0/19","region":"eu-west-1","service":null}]}""")]
    [InlineData("""{"prefixes":[{"ip_prefix":null,"region":"eu-west-1","service":"S3"}]}""")]
    [InlineData("""{"prefixes":[{"ip_prefix":"3.5.0.0/19"}]}""")]
    [InlineData("""{"prefixes":7}""")]
    [InlineData("[]")]
    public void Any_other_JSON_is_refused(string json)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("ip-ranges.json", json);
        var error = Assert.Throws<InvalidDataException>(() => NetworkFile.Read(file));
        Assert.StartsWith($"{file}:0: this is not a readable ip-ranges.json: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_changes_is_read_again_and_a_broken_one_leaves_the_old_one_in_use()
    {
        using var folder = new TemporaryFolder();
        var (file, log) = (folder.Write("nets.csv", "10.0.0.0/8,one\n"), new ListLogger<Namer>());
        var source = new WatchedFile<NetworkTable>(file, NetworkFile.Read);
        string? Name() => source.Content.Find(IPAddress.Parse("10.1.2.3"))?.Value.Name;

        source.Refresh(log);
        Assert.Equal(("one", 0), (Name(), log.Entries.Count));
        folder.Write("nets.csv", "10.0.0.0/8,two\n10.1.0.0/16,three\n");
        source.Refresh(log);
        Assert.Equal("three", Name());
        folder.Write("nets.csv", "10.0.0.0/8,four\nnonsense\n");
        source.Refresh(log);
        source.Refresh(log);
        Assert.Equal("three", Name());
        File.Delete(file);
        source.Refresh(log);
        Assert.Equal("three", Name());
        Assert.Equal(3, log.Entries.Count);
        Assert.StartsWith($"Warning: {file} is gone", log.Entries.ElementAt(2), StringComparison.Ordinal);
        Assert.StartsWith($"Error: the new {file} is refused: {file}:2: this is no line", log.Entries.ElementAt(1), StringComparison.Ordinal);
        Assert.EndsWith("What it said before stays in use", log.Entries.ElementAt(1), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_behind_a_link_that_is_turned_to_another_is_read_again()
    {
        using var folder = new TemporaryFolder();
        var (first, second, link) = (folder.Write("v1", "10.0.0.0/8,one\n"), folder.Write("v2", "10.0.0.0/8,two\n"), folder.File("nets.csv"));
        File.CreateSymbolicLink(link, first);
        var source = new WatchedFile<NetworkTable>(link, NetworkFile.Read);
        File.Delete(link);
        File.CreateSymbolicLink(link, second);
        source.Refresh(new ListLogger<Namer>());
        Assert.Equal("two", source.Content.Find(IPAddress.Parse("10.1.2.3"))?.Value.Name);
    }

    private static IPAddress Address(int kind, int bits) => kind switch
    {
        0 => new IPAddress([(byte)(bits >> 6), 0, 0, (byte)(bits & 63)]),
        1 => IPAddress.Parse($"2001:db8::{bits:x}"),
        _ => IPAddress.Parse($"{bits >> 4:x}::{bits & 15:x}"),
    };

    private static Network Network(int kind, int bits, int length)
    {
        var address = Address(kind, bits);
        var prefix = kind == 0 ? length : length * 4;
        var bytes = address.GetAddressBytes();
        for (var bit = prefix; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new Network($"{new IPAddress(bytes)}/{prefix}", new IPNetwork(new IPAddress(bytes), prefix), "", "");
    }
}
