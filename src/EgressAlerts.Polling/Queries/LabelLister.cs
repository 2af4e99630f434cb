using System.Text.Json;
using EgressAlerts.Common;

namespace EgressAlerts.Polling;

/// <summary>Asks one server for the values of a label. Any thread.</summary>
internal sealed class LabelLister(QuerySender sender, PollingOptions options, TimeProvider time)
{
    /// <summary>A list of 10,000 namespaces has less than 1 MiB.</summary>
    private const int MaxBytes = 4 << 20;

    public async Task<LabelAnswer> AskAsync(string label, string selector, DateTimeOffset start, DateTimeOffset end, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(options.Timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            using var response = await sender.ValuesAsync(label, selector, start, end, limit.Token);
            if (!response.IsSuccessStatusCode) return LabelAnswer.Refused;
            return await BoundedBody.TryReadAsync(response.Content, MaxBytes, limit.Token) is { } body ? Read(body) : LabelAnswer.Refused;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return LabelAnswer.Silence;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The JSON reader throws the second for text that is no Unicode.
            return LabelAnswer.Refused;
        }
    }

    private static LabelAnswer Read(ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body);
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("data", out var data)
            || data.ValueKind != JsonValueKind.Array) return LabelAnswer.Refused;
        return new([.. data.EnumerateArray().Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!)], false);
    }
}

/// <summary>The values of a label.</summary>
/// <param name="IsRefused">The server does not take such a question, or answers nonsense.</param>
/// <param name="IsSilent">There was no answer at all.</param>
internal readonly record struct LabelAnswer(IReadOnlyList<string> Values, bool IsRefused, bool IsSilent = false)
{
    public static LabelAnswer Refused { get; } = new([], true);

    /// <summary>No answer came, so another question would have none either.</summary>
    public static LabelAnswer Silence { get; } = new([], false, true);
}
