using System.Net;
using EgressAlerts.Naming.Dns;

namespace EgressAlerts.Tests.Naming.Dns;

public sealed class ResolvConfTests
{
    [Fact]
    public void The_systems_servers_are_read_from_resolv_conf() => Assert.Equal(
        [IPEndPoint.Parse("10.96.0.10:53"), IPEndPoint.Parse("[fe80::1%2]:53"), IPEndPoint.Parse("1.1.1.1:53")],
        ResolvConf.Parse(
        [
            "# comment",
            "search example.com",
            "nameserver\t10.96.0.10 ",
            "nameserver fe80::1%2",
            "nameserver nonsense",
            "options ndots:5",
            "nameserver 1.1.1.1",
            "nameserver 8.8.8.8",
        ]).Servers);

    [Theory]
    [InlineData("options timeout:1 attempts:3 rotate", 1, 3, true)]
    [InlineData("options attempts:0 timeout:999", 30, 1, false)]
    [InlineData("options attempts: timeout:-1 rotate:x", 0, 0, true)]
    [InlineData("options", 0, 0, false)]
    public void And_so_is_how_they_are_to_be_asked(string line, int timeout, int attempts, bool rotate)
    {
        var read = ResolvConf.Parse([line]);
        Assert.Equal((timeout, attempts, rotate), ((int)(read.Timeout?.TotalSeconds ?? 0), read.Attempts ?? 0, read.Rotate));
    }
}
