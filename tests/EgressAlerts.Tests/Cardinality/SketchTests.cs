using System.Globalization;
using EgressAlerts.Cardinality;
using EgressAlerts.Model;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Cardinality;

public sealed class SketchTests
{
    [Fact]
    public void Space_saving_keeps_its_bounds_whatever_comes() => Prop.ForAll(
        (from key in Gen.Choose(1, 60) from weight in Gen.Choose(1, 100) select (key, weight)).ArrayOf().ToArbitrary(),
        stream =>
        {
            const int Capacity = 10;
            var (sketch, truth) = (new SpaceSaving<int>(Capacity), new Dictionary<int, double>());
            foreach (var (key, weight) in stream)
            {
                sketch.Add(key, weight);
                truth[key] = truth.GetValueOrDefault(key) + weight;
            }

            Assert.Equal(truth.Values.Sum(), sketch.Total);
            Assert.InRange(sketch.Count, 0, Capacity);
            foreach (var (key, weight) in truth)
            {
                if (sketch.Find(key) is not { } found)
                {
                    Assert.True(weight <= sketch.Total / Capacity, $"{key} carries {weight} of {sketch.Total} and is missing");
                    continue;
                }

                Assert.InRange(weight, found.Weight - found.Error, found.Weight);
                Assert.InRange(found.Error, 0, sketch.Total / Capacity);
                Assert.InRange(sketch.Guaranteed(key), 0, weight);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_removed_is_gone_and_the_rest_stays()
    {
        var sketch = new SpaceSaving<int>(5);
        for (var key = 1; key <= 5; key++) sketch.Add(key, key * 10);
        sketch.Remove(3);
        sketch.Remove(99);
        Assert.Equal([10, 20, 0, 40, 50], Enumerable.Range(1, 5).Select(sketch.Guaranteed));
        sketch.Halve();
        Assert.Equal([5, 10, 0, 20, 25], Enumerable.Range(1, 5).Select(sketch.Guaranteed));
        sketch.Add(6, 1);
        sketch.Add(7, 1); // Takes the place of 6, the least.
        Assert.Equal((0, 2.0, 1.0), (sketch.Guaranteed(6), sketch.Find(7)!.Value.Weight, sketch.Find(7)!.Value.Error));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(1_000)]
    [InlineData(20_000)]
    [InlineData(300_000)]
    public void Distinct_texts_are_estimated_within_a_few_percent_and_the_same_in_every_process(int count)
    {
        var (here, there) = (new DistinctCount(), new DistinctCount());
        for (var i = 0; i < count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"n{i}.example.com");
            (i % 2 == 0 ? here : there).Add("ns", "workload", name);
            here.Add("ns", "workload", name);
        }

        Assert.InRange(here.Estimate(there), count * 0.95, count * 1.05);
    }
}
