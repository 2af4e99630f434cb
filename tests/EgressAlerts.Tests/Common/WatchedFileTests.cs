using System.Runtime.Versioning;
using EgressAlerts.Common;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Common;

public sealed class WatchedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ListLogger<WatchedFileTests> _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Whatever_a_parser_trips_over_refuses_the_file_by_name_and_leaves_the_old_content_in_use()
    {
        var path = _folder.Write("numbers", "7");
        int Parsed(string file) => int.Parse(File.ReadAllText(file), System.Globalization.CultureInfo.InvariantCulture);
        var file = new WatchedFile<int>(path, Parsed);
        _folder.Write("numbers", "seven");
        file.Refresh(_log);
        file.Refresh(_log);
        Assert.Equal(7, file.Content);
        var reason = $"{path} cannot be understood (FormatException: ";
        Assert.StartsWith($"Error: the new {path} is refused: {reason}", Assert.Single(_log.Entries), StringComparison.Ordinal);
        Assert.StartsWith(reason, Assert.Throws<InvalidDataException>(() => new WatchedFile<int>(path, Parsed)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stage_that_is_built_anew_goes_on_without_a_file_that_broke_meanwhile_until_it_changes()
    {
        var path = _folder.Write("text", "broken");
        static string Parsed(string file) => File.ReadAllText(file) is "broken" ? throw new InvalidDataException($"{file} is broken") : File.ReadAllText(file);
        var file = new WatchedFile<string>(path, Parsed, long.MaxValue, "nothing", _log);
        Assert.Equal(("nothing", (DateTimeOffset?)null), (file.Content, file.Written));
        Assert.Equal($"Error: {path} cannot be used: {path} is broken. It is read again when it changes", Assert.Single(_log.Entries));
        file.Refresh(_log);
        Assert.Single(_log.Entries);
        _folder.Write("text", "mended now");
        file.Refresh(_log);
        Assert.Equal("mended now", file.Content);
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused_unread_also_behind_a_link()
    {
        var path = _folder.Write("large", new string('x', (1 << 20) + 1));
        var link = _folder.File("link");
        File.CreateSymbolicLink(link, path); // Kubernetes shows files by links.
        foreach (var name in (string[])[path, link])
        {
            var error = Assert.Throws<InvalidDataException>(() => new WatchedFile<int>(name, _ => throw new InvalidOperationException("it was read"), 1 << 20));
            Assert.Equal($"{name} is larger than 1 MiB", error.Message);
        }
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_refused_with_the_systems_reason()
    {
        var path = _folder.File("missing");
        var error = Assert.Throws<InvalidDataException>(() => new WatchedFile<string>(path, File.ReadAllText));
        Assert.StartsWith($"{path} cannot be read: Could not find file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")] // It sets Unix permissions.
    public void A_file_that_becomes_readable_is_read_although_nobody_wrote_to_it()
    {
        var path = _folder.Write("text", "first");
        var isReadable = true;
        var file = new WatchedFile<string>(path, name => isReadable ? File.ReadAllText(name) : throw new InvalidDataException("permission denied"));
        isReadable = false; // The tests may run as root, for whom every file is readable.
        _folder.Write("text", "second one");
        File.SetUnixFileMode(path, UnixFileMode.None);
        file.Refresh(_log);
        Assert.Equal("first", file.Content);
        isReadable = true;
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        file.Refresh(_log);
        Assert.Equal("second one", file.Content);
    }
}
