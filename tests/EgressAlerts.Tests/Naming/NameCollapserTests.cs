using System.Net;
using EgressAlerts.Naming;

namespace EgressAlerts.Tests.Naming;

public sealed class NameCollapserTests
{
    [Theory]
    [InlineData("52.22.188.80", "ec2-52-22-188-80.compute-1.amazonaws.com", "*.compute-1.amazonaws.com")]
    [InlineData("35.190.27.80", "80.27.190.35.bc.googleusercontent.com", "*.bc.googleusercontent.com")]
    [InlineData("5.6.7.8", "host005006007008.isp.example.net", "*.isp.example.net")]
    [InlineData("52.22.188.80", "3416bc50.example.net", "*.example.net")]
    [InlineData("1.2.3.4", "a.4-3-2-1.dyn.example.org", "*.dyn.example.org")]
    [InlineData("2001:db8::1", "2001-0db8-0000-0000-0000-0000-0000-0001.v6.example.net", "*.v6.example.net")]
    public void A_name_that_holds_the_address_becomes_a_wildcard(string address, string name, string expected) =>
        Assert.Equal(expected, NameCollapser.Collapse(name, IPAddress.Parse(address)));

    [Theory]
    [InlineData("52.219.1.2", "s3-website-2.eu-west-1.amazonaws.com")]
    [InlineData("1.2.3.4", "host-11-2-3-4.example.net")]
    [InlineData("1.2.3.4", "host-1-2-3-45.example.net")]
    [InlineData("1.2.3.4", "1-2-3-4.com")]
    [InlineData("140.82.121.4", "lb-140-82-121-3-fra.github.com")]
    public void Other_digits_stay(string address, string name) => Assert.Equal(name, NameCollapser.Collapse(name, IPAddress.Parse(address)));
}
