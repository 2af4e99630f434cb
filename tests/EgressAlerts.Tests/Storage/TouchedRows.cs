using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Storage;

internal static class TouchedRows
{
    /// <summary>How many rows the next commit would have written. They count as written.</summary>
    public static int Take(StoredState state)
    {
        var changes = new Changes();
        foreach (var touched in state.Touched) touched.TakeChanges(changes);
        return changes.Count;
    }
}
