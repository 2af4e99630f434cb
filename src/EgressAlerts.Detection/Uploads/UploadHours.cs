namespace EgressAlerts.Detection;

/// <summary>Stores the sums of the hour that goes on. The sums of 512 groups lie in one row, because nearly all of them change with each window.</summary>
/// <remarks>A group's number is its place. It gets the least free one, from 1.</remarks>
internal sealed class UploadHours
{
    private const int ChunkSize = 512;

    private readonly Dictionary<int, UploadGroup> _groups = [];
    private readonly Rows<int, Chunk> _rows;
    private readonly IReadOnlyDictionary<int, Chunk> _loaded;
    private int _next = 1;

    public UploadHours(StoredState state)
    {
        var shape = Shape.ByNumber<Chunk>(
            "upload_hour", "chunk", ["sums", "counts", "tops"],
            chunk => [Packed.Bytes<double>(chunk.Sums), Packed.Bytes<double>(chunk.Counts), Packed.Bytes<double>(chunk.Tops)],
            values => new(Numbers(values[0]), Numbers(values[1]), Numbers(values[2])));
        (_rows, _loaded, _) = state.Rows<int, Chunk>(shape, TryFind);
    }

    /// <summary>Gives a new group its number.</summary>
    public void Begin(UploadGroup group)
    {
        while (!_groups.TryAdd(_next, group)) _next++;
        group.Number = _next++;
    }

    /// <summary>Gives a group its sums as of the last commit.</summary>
    /// <returns>False where another group has its number. It then has a new number, and begins this hour with nothing.</returns>
    public bool TryResume(UploadGroup group)
    {
        if (group.Number < 1 || !_groups.TryAdd(group.Number, group))
        {
            Begin(group);
            return false;
        }

        var at = group.Number % ChunkSize;
        if (_loaded.TryGetValue(group.Number / ChunkSize, out var chunk))
            (group.Hour, group.Count, group.TopUpload) = (chunk.Sums[at], chunk.Counts[at], chunk.Tops[at]);
        return true;
    }

    public void End(UploadGroup group)
    {
        _groups.Remove(group.Number);
        _next = Math.Min(_next, group.Number);
    }

    /// <summary>The sums of a group have changed.</summary>
    public void Touch(UploadGroup group) => _rows.Touch(group.Number / ChunkSize);

    private static double[] Numbers(object blob) => Packed.Numbers<double>(blob, ChunkSize);

    private bool TryFind(int number, out Chunk chunk)
    {
        chunk = new(new double[ChunkSize], new double[ChunkSize], new double[ChunkSize]);
        var isUsed = false;
        for (var i = 0; i < ChunkSize; i++)
        {
            if (!_groups.TryGetValue((number * ChunkSize) + i, out var group)) continue;
            (chunk.Sums[i], chunk.Counts[i], chunk.Tops[i], isUsed) = (group.Hour, group.Count, group.TopUpload, true);
        }

        return isUsed;
    }

    /// <param name="Sums">The bytes that each group got.</param>
    /// <param name="Counts">Requests, and connections that ended.</param>
    /// <param name="Tops">The most that one destination got in one window.</param>
    private readonly record struct Chunk(double[] Sums, double[] Counts, double[] Tops);
}
