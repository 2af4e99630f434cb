using EgressAlerts.Polling;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Polling;

public sealed class SeriesTableTests
{
    [Fact]
    public void A_million_series_take_at_most_48_bytes_each()
    {
        const int Series = 1 << 20;
        var table = new SeriesTable();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Series; i++) table.Add(new SeriesId(7, (ulong)i));
        var lists = 2 * sizeof(int) * Series; // The smaller indices that the last one replaced, and the list of chunks.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 44.0 * Series, (48.0 * Series) + lists);
        Assert.Equal(Series - 1, table.Find(new SeriesId(7, Series - 1)));
    }

    /// <summary>Any sequence of finding, adding, taking back and forgetting leaves what a dictionary holds.</summary>
    [Fact]
    public void It_holds_what_a_dictionary_holds()
    {
        var operation = from kind in Gen.Choose(0, 9) from number in Gen.Choose(0, 3000) select (kind, number);
        Prop.ForAll(operation.ArrayOf(400).ToArbitrary(), operations =>
        {
            var (table, model, order) = (new SeriesTable(), new Dictionary<SeriesId, long>(), new List<SeriesId>());
            foreach (var (kind, number) in operations)
            {
                switch (kind)
                {
                    case 0:
                        var left = order.Count - Math.Min(order.Count, number % 50);
                        foreach (var id in order.Skip(left)) model.Remove(id);
                        order.RemoveRange(left, order.Count - left);
                        table.Truncate(left);
                        break;
                    case 1:
                        table.RemoveOlderThan(number, _ => { });
                        order.RemoveAll(id => model[id] < number && model.Remove(id));
                        break;
                    default:
                        // Many at once, so that chunks and index grow.
                        for (var i = 0; i < 200; i++)
                        {
                            var id = new SeriesId((ulong)number, (ulong)((number + (i * 7)) % 9000)); // Few bits: long chains.
                            if (!model.TryAdd(id, number)) continue;
                            order.Add(id);
                            table[table.Add(id)].Milliseconds = number;
                        }

                        break;
                }

                if (table.Count != model.Count || order.Where((id, slot) => table.Find(id) != slot || table[slot].Milliseconds != model[id]).Any()) return false;
            }

            return table.Find(new SeriesId(1, 1 << 20)) == SeriesTable.None;
        }).QuickCheckThrowOnFailure();
    }
}
