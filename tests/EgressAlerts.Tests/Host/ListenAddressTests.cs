using System.Net.Sockets;

namespace EgressAlerts.Tests.Host;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:10098", "http://127.0.0.1:10098/")]
    [InlineData("192.0.2.7:65535", "http://192.0.2.7:65535/")]
    [InlineData("[::1]:10098", "http://[::1]:10098/")]
    [InlineData("localhost:10098", "http://localhost:10098/")]
    [InlineData("localhost:0", "http://localhost:0/")]
    public void An_address_of_this_machine_is_taken_and_links_lead_there(string text, string external) =>
        Assert.Equal(external, ListenAddress.TryParse(text)?.External.ToString());

    [Theory]
    [InlineData(":10098")]
    [InlineData("0.0.0.0:10098")]
    [InlineData("[::]:10098")]
    public void All_addresses_are_taken_and_links_lead_to_the_machines_name(string text) =>
        Assert.Equal(new Uri($"http://{Environment.MachineName}:10098"), ListenAddress.TryParse(text)?.External);

    [Theory]
    [InlineData("nohost.invalid:26197")]
    [InlineData("127.0.0.1.:26197")]
    [InlineData("127.1:26197")]
    [InlineData("egress alerts:26197")]
    [InlineData("http://127.0.0.1:26197")]
    [InlineData("*:26197")]
    [InlineData("::1:26197")]
    [InlineData("[127.0.0.1]:26197")]
    [InlineData("[]:26197")]
    [InlineData("[:26197")]
    [InlineData("localhost")]
    [InlineData("localhost:")]
    [InlineData("localhost:65536")]
    [InlineData("localhost:-1")]
    [InlineData("localhost:+1")]
    [InlineData("localhost: 1")]
    [InlineData("")]
    public void What_is_no_address_is_refused_and_never_becomes_all_interfaces(string text) => Assert.Null(ListenAddress.TryParse(text));

    [Theory]
    [InlineData(SocketError.AccessDenied, "CAP_NET_BIND_SERVICE")]
    [InlineData(SocketError.AddressNotAvailable, "this machine has no such address")]
    [InlineData(SocketError.AddressAlreadyInUse, "another process listens there")]
    [InlineData(SocketError.AddressFamilyNotSupported, "this machine has no IPv6")]
    [InlineData(SocketError.NetworkDown, "give an address with a port")]
    public void An_address_that_the_system_refuses_is_told_with_what_to_do(SocketError code, string advice)
    {
        var refused = ListenAddress.TryParse("127.0.0.1:80")!.Refused(new IOException("no", new SocketException((int)code)));
        Assert.StartsWith("--web.listen-address: cannot listen on 127.0.0.1:80 (no): ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(advice, refused.Message, StringComparison.Ordinal);
    }
}
