using System.Text.Json;
using EgressAlerts.Configuration;
using EgressAlerts.Explain;
using EgressAlerts.Model;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Host;

public sealed class ExplainQueryTests
{
    private static readonly ExplainArguments Nothing = new("", "", "", "", "", "");

    [Theory]
    [InlineData("source", "shop", "source 'shop' is not namespace/workload.")]
    [InlineData("source", "shop/<script>", "source 'shop/<script>' is not namespace/workload.")]
    [InlineData("destination", "<script>a</script>", "destination '<script>a</script>' is not a host name, such as www.example.com, nor an address.")]
    [InlineData("destination", "__other__", "destination '__other__' is not a host name, such as www.example.com, nor an address.")]
    [InlineData("address", "1.2", "address '1.2' is not an IP address.")]
    [InlineData("address", "fe80::1%eth0", "address 'fe80::1%eth0' is not an IP address.")]
    [InlineData("port", "0", "port '0' is not a port from 1 to 65535.")]
    [InlineData("as", "ptr", "as 'ptr' is none of sni, host, service.")]
    [InlineData("route", "away", "route 'away' is none of passthrough, blocked, registered, gateway, unidentified.")]
    public void What_cannot_be_explained_is_refused_with_a_sentence(string name, string text, string expected)
    {
        var asked = Nothing with { Destination = "www.example.com" };
        asked = name switch
        {
            "source" => asked with { Source = text },
            "destination" => asked with { Destination = text },
            "address" => asked with { Address = text },
            "port" => asked with { Port = text },
            "as" => asked with { As = text },
            _ => asked with { Route = text },
        };
        Assert.Equal(expected, ExplainQuery.Parse(asked, out _));
    }

    [Fact]
    public void A_name_or_an_address_is_needed()
    {
        Assert.Equal("destination and address are both missing: give one of them, or both.", ExplainQuery.Parse(Nothing with { Source = "shop/cart" }, out _));
        Assert.Null(ExplainQuery.Parse(Nothing with { Address = "::ffff:52.0.0.1" }, out var query));
        Assert.Equal("52.0.0.1", $"{query!.Flow.To.Address}");
    }

    [Theory]
    [InlineData("", "", "API.example.com.", "sni api.example.com passthrough")]
    [InlineData("host", "blocked", "api.example.com", "host api.example.com blocked")]
    [InlineData("service", "", "api.example.com", "service api.example.com registered")]
    [InlineData("", "", "52.0.0.1", "sni 52.0.0.1 passthrough")]
    public void A_name_is_what_one_says_that_it_is(string kind, string route, string destination, string expected)
    {
        Assert.Null(ExplainQuery.Parse(Nothing with { As = kind, Route = route, Destination = destination }, out var query));
        Assert.Equal(expected, $"{query!.ClaimedAs} {query.Flow.To.Key} {query.Flow.Route.LabelValue()}");
    }

    [Fact]
    public async Task The_command_explains_without_a_service()
    {
        Assert.Null(ExplainQuery.Parse(new("shop/cart", "", "169.254.169.254", "80", "", ""), out var query));
        var explained = await ExplainCommand.RunAsync(new Settings(), query!, TimeProvider.System, CancellationToken.None);
        var text = ExplanationText.Of(explained);
        Assert.Contains("name: cloud-metadata (special, confirmed)", text, StringComparison.Ordinal);
        Assert.Contains("EgressMetadataService (warning) fires: the workload is not in detection.metadata_service.allowed", text, StringComparison.Ordinal);
        Assert.Contains("policies: there are none", text, StringComparison.Ordinal);
        var json = JsonSerializer.SerializeToElement(explained, ApiJson.Options);
        Assert.Equal("special", json.GetProperty("name_source").GetString());
        Assert.Equal("unknown", json.GetProperty("detection").GetProperty("learning").GetProperty("state").GetString());
    }
}
