namespace EgressAlerts.Common;

/// <summary>Reads the body of an answer into memory, up to a bound.</summary>
public static class BoundedBody
{
    private const int Chunk = 64 << 10;

    /// <param name="most">The most bytes that the body may have.</param>
    /// <returns>Null where it has more.</returns>
    public static async Task<ReadOnlyMemory<byte>?> TryReadAsync(HttpContent content, long most, CancellationToken cancel)
    {
        await using var stream = await content.ReadAsStreamAsync(cancel);
        using var body = new MemoryStream();
        var chunk = new byte[Chunk];
        while (await stream.ReadAsync(chunk, cancel) is var count and > 0)
        {
            if (body.Length + count > most) return null;
            body.Write(chunk, 0, count);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
