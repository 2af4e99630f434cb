using System.Runtime.CompilerServices;
using EgressAlerts.Polling;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Polling;

public sealed class KeyedTableTests
{
    /// <summary>The tracker keeps both between windows. The benchmark <c>memory</c> measures them with the index.</summary>
    [Fact]
    public void A_series_and_its_counter_take_60_bytes_beside_the_index() =>
        Assert.Equal(60, Unsafe.SizeOf<RawSeries>() + Unsafe.SizeOf<TrackedCounter>());

    [Fact]
    public void The_last_of_a_million_entries_is_found()
    {
        const int Series = 1 << 20;
        var names = new KeyedTable<RawSeries>();
        for (var i = 0; i < Series; i++) names.Add(new RawSeries((ulong)i, i));
        Assert.Equal(Series - 1, names.Find(Series - 1));
    }

    /// <summary>Any sequence of finding, adding, taking back and forgetting leaves what a list holds.</summary>
    [Fact]
    public void It_holds_what_a_list_holds()
    {
        var operation = from kind in Gen.Choose(0, 9) from number in Gen.Choose(0, 3000) select (kind, number);
        Prop.ForAll(operation.ArrayOf(400).ToArbitrary(), operations =>
        {
            var (table, model) = (new KeyedTable<RawSeries>(), new List<(ulong Key, int Value)>());
            foreach (var (kind, number) in operations)
            {
                switch (kind)
                {
                    case 0:
                        var left = model.Count - Math.Min(model.Count, number % 50);
                        model.RemoveRange(left, model.Count - left);
                        table.Truncate(left);
                        break;
                    case 1:
                        var before = model.ToList();
                        model.RemoveAll(entry => entry.Value < number);
                        var moved = table.RemoveWhere(row => before[row].Value < number);
                        var expected = before.Select(entry => entry.Value < number ? -1 : model.IndexOf(entry));
                        if (moved is null ? model.Count != before.Count : !moved.SequenceEqual(expected)) return false;
                        break;
                    default:
                        // Many at once, so that chunks and index grow.
                        for (var i = 0; i < 200; i++)
                        {
                            var key = (ulong)((number + (i * 7)) % 9000);
                            if (table.Find(key) != -1) continue;
                            model.Add((key, number));
                            table.Add(new RawSeries(key, number));
                        }

                        break;
                }

                if (table.Count != model.Count) return false;
                if (model.Where((entry, row) => table.Find(entry.Key) != row || table[row].Counter != entry.Value).Any()) return false;
            }

            return table.Find(1 << 20) == -1;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Entries_with_the_same_key_are_found_newest_first()
    {
        var table = new KeyedTable<RawSeries>();
        foreach (var value in (int[])[1, 2, 3]) table.Add(new RawSeries(7, value));
        table.Add(new RawSeries(8, 4));
        var newest = table.Find(7);
        Assert.Equal([3, 2, 1], new[] { newest, table.FindOlder(newest), table.FindOlder(table.FindOlder(newest)) }.Select(row => table[row].Counter));
        Assert.Equal(-1, table.FindOlder(0));
    }
}
