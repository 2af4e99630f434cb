using EgressAlerts.Naming.Dns;

namespace EgressAlerts.Tests.Naming.Dns;

public sealed class HostNameTests
{
    [Theory]
    [InlineData("example.com", true)]
    [InlineData("a_b-c.example.com", true)]
    [InlineData("localhost", false)]
    [InlineData("1.2.3.4", false)]
    [InlineData("host.123", false)]
    [InlineData("4.3.2.1.in-addr.arpa", false)]
    [InlineData("*.example.com", false)]
    [InlineData("a b.example.com", false)]
    [InlineData("", false)]
    public void Host_names_are_told_from_other_text(string name, bool isOne) => Assert.Equal(isOne, HostName.IsOne(name));
}
