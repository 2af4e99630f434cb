namespace EgressAlerts.Registry;

/// <summary>Reads an answer into memory, up to a bound.</summary>
internal static class BoundedBody
{
    private const int Chunk = 64 << 10;

    /// <exception cref="WatchFault">The answer is larger. <see cref="WatchEnd.TooLarge"/>.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, long most, CancellationToken cancel)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        using var body = new MemoryStream();
        var chunk = new byte[Chunk];
        while (await stream.ReadAsync(chunk, cancel) is var count and > 0)
        {
            if (body.Length + count > most) throw new WatchFault(WatchEnd.TooLarge, "The answer of the Kubernetes API is too large.");
            body.Write(chunk, 0, count);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
