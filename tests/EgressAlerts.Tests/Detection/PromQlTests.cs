using System.Text.RegularExpressions;
using EgressAlerts.Detection;

namespace EgressAlerts.Tests.Detection;

public sealed class PromQlTests
{
    [Theory]
    [InlineData("stripe.com", "stripe.com", true)]
    [InlineData("stripe.com", "api.stripe.com", true)]
    [InlineData("stripe.com", "notstripe.com", false)]
    [InlineData("stripe.com", "stripe-com", false)]
    [InlineData("*.example.com", "*.example.com", true)]
    [InlineData("*.example.com", "a.example.com", false)]
    public void The_evidence_about_a_site_selects_its_destinations_and_no_others(string site, string destination, bool expected)
    {
        foreach (var query in (string[])[PromQl.Uploads(Samples.Cart, site), PromQl.Uploaders(site)])
        {
            var pattern = Regex.Match(query, "destination=~\"([^\"]+)\"").Groups[1].Value;
            Assert.Equal(expected, Regex.IsMatch(destination, $"^(?:{pattern})$"));
        }
    }

    [Fact]
    public void The_evidence_about_all_destinations_has_no_empty_matcher()
    {
        Assert.Equal(
            "topk(10, sum by (destination) (increase(egress_upload_bytes_total{source_workload_namespace=\"shop\",source_workload=\"cart\"}[1h])))",
            PromQl.Uploads(Samples.Cart, ""));
        Assert.Equal(
            "topk(10, sum by (source_cluster, source_workload_namespace, source_workload) (increase(egress_upload_bytes_total[1h])))", PromQl.Uploaders(""));
    }
}
