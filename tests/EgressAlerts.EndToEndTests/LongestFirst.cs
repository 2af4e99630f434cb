using EgressAlerts.EndToEndTests;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("EgressAlerts.EndToEndTests." + nameof(LongestFirst), "EgressAlerts.EndToEndTests")]

namespace EgressAlerts.EndToEndTests;

/// <summary>
/// The order in which test classes begin. Four run at a time, so a class that takes ten minutes and begins last would let the others wait for it. Without this,
/// the order is another one in each run.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long = [nameof(KilledOftenTests), nameof(ExactnessTests), nameof(LargeMeshTests)];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections
        .OrderBy(collection => Array.FindIndex(Long, name => collection.DisplayName.EndsWith($".{name}", StringComparison.Ordinal)) is >= 0 and var place
            ? place
            : Long.Length)
        .ThenBy(collection => collection.DisplayName, StringComparer.Ordinal);
}
