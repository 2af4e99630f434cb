using System.Text.Json.Nodes;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>Holds resources against the schemas of their kinds.</summary>
internal static class Schemas
{
    /// <exception cref="ToolException">A resource is not valid.</exception>
    public static async Task AssertValidAsync(TemporaryFolder folder, IReadOnlyList<JsonNode> resources)
    {
        Assert.NotEmpty(resources);
        foreach (var kind in resources.GroupBy(resource => (string)resource["kind"]!))
        {
            var files = kind.Select((resource, index) => folder.Write($"{kind.Key}-{index}.json", resource.ToJsonString()));
            var schema = Repository.File("tests", "EgressAlerts.IntegrationTests", "Operations", "schemas", kind.Key + ".json");
            await Tool.OutputAsync("jsonschema", [.. files.SelectMany(file => (string[])["-i", file]), schema]);
        }
    }
}
