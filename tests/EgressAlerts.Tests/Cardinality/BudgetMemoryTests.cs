using System.Globalization;
using EgressAlerts.Cardinality;
using EgressAlerts.Model;
using EgressAlerts.Tests.Naming;

namespace EgressAlerts.Tests.Cardinality;

[Collection(nameof(Alone))]
public sealed class BudgetMemoryTests
{
    [Fact]
    public void A_million_destinations_that_never_come_back_take_no_more_memory_than_the_first_ten_thousand()
    {
        const int PerWindow = 1_000;
        const long Most = 2 << 20;
        var budget = new SeriesBudget(new() { MaxSeries = 1_000 });
        for (var window = 1; window <= 10; window++) Flood(window);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var window = 11; window <= 1_000; window++) Flood(window);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, Most);
        var admitted = budget.Admit(Samples.Named(1_001), [], showNew: true);
        Assert.Equal(1_000 * PerWindow, admitted.Series.Sum(series => series.Value) + admitted.Retired[Metric.ConnectionsClosed]);
        Assert.InRange(admitted.Budget.Wanted, 950_000, 1_050_000);

        void Flood(int window) => budget.Admit(
            Samples.NamedAs(window, [.. Enumerable.Range(0, PerWindow).Select(i => new NamedIncrement(
                Samples.Increment(Samples.Flow(source: new("shop", string.Create(CultureInfo.InvariantCulture, $"w-{i % 7}")))),
                new Destination(string.Create(CultureInfo.InvariantCulture, $"n{i}.w{window}.example.com"), NameSource.PtrUnconfirmed, false, Domain: "example.com")))]),
            [],
            showNew: true);
    }
}
