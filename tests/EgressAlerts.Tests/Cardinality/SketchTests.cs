using System.Globalization;
using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Model;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Cardinality;

public sealed class SketchTests
{
    private const long Hour = 491_000;

    [Fact]
    public void Space_saving_keeps_its_bounds_whatever_comes() => Prop.ForAll(
        (from key in Gen.Choose(1, 60) from weight in Gen.Choose(1, 100) select (key, weight)).ArrayOf().ToArbitrary(),
        stream =>
        {
            const int Capacity = 10;
            var (sketch, truth) = (New(Capacity), new Dictionary<int, double>());
            foreach (var (key, weight) in stream)
            {
                sketch.Add(key, weight, Hour);
                truth[key] = truth.GetValueOrDefault(key) + weight;
            }

            var total = truth.Values.Sum();
            Assert.InRange(sketch.Count, 0, Capacity);
            foreach (var (key, weight) in truth)
            {
                if (sketch.Find(key) is not { } fading)
                {
                    Assert.True(weight <= total / Capacity, $"{key} carries {weight} of {total} and is missing");
                    continue;
                }

                var found = (Weight: fading.Weight.At(Hour), Error: fading.Error.At(Hour));
                Assert.InRange(weight, found.Weight - found.Error, found.Weight);
                Assert.InRange(found.Error, 0, total / Capacity);
                Assert.InRange(sketch.Guaranteed(key, Hour), 0, weight);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_removed_is_gone_and_the_rest_stays()
    {
        var sketch = New(5);
        for (var key = 1; key <= 5; key++) sketch.Add(key, key * 10, Hour);
        sketch.Remove(3);
        sketch.Remove(99);
        Assert.Equal([10, 20, 0, 40, 50], Enumerable.Range(1, 5).Select(key => sketch.Guaranteed(key, Hour)));
        Assert.Equal([5, 10, 0, 20, 25], Enumerable.Range(1, 5).Select(key => sketch.Guaranteed(key, Hour + 1)));
        sketch.Add(6, 1, Hour + 1);
        sketch.Add(7, 1, Hour + 1); // Takes the place of 6, the least.
        Assert.Equal((0, 2.0, 1.0), (sketch.Guaranteed(6, Hour + 1), sketch.Find(7)!.Value.Weight.At(Hour + 1), sketch.Find(7)!.Value.Error.At(Hour + 1)));
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
        Assert.Equal(here.Estimate(), new DistinctCount { Registers = here.Registers }.Estimate());
        Assert.InRange(here.Registers.Length, Math.Min(count, 3), Math.Min(3 * count, 4096));
    }

    private static SpaceSaving<int> New(int capacity) => new(capacity, Comparer<int>.Default, _ => { });

    [Fact]
    public void A_sketch_tells_whether_a_text_changes_it()
    {
        var sketch = new DistinctCount();
        Assert.True(sketch.Add("a"));
        var registers = sketch.Registers;
        Assert.False(sketch.Add("a"));
        Assert.Equal(registers, sketch.Registers);
        Assert.Equal(3, registers.Length);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1_024)]
    [InlineData(4_098)]
    public void Damaged_registers_are_refused(int length) =>
        Assert.Throws<FormatException>(() => new DistinctCount { Registers = [.. Enumerable.Repeat(byte.MaxValue, length)] });
}
