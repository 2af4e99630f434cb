using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Decodes an answer of Prometheus' query API while it arrives. It holds one series at a time. Hot code.</summary>
/// <remarks>One instance per answer. Matrix (<c>values</c>) and vector (<c>value</c>) results are understood.</remarks>
/// <param name="pieceBytes">How much has to arrive before it is decoded. A series that is cut in two is read twice, and servers send pieces of 4 KiB.</param>
internal sealed class AnswerDecoder(ISeriesSink sink, int pieceBytes = 64 << 10)
{
    /// <summary>The most bytes of one series. A larger one is damage or an attack.</summary>
    private const int MaxSeriesBytes = 16 << 20;

    private const int QuotedBytes = 300;

    private readonly QueryAnswer _answer = new();
    private readonly byte[] _head = new byte[QuotedBytes];
    private int _headLength;
    private JsonReaderState _state;
    private JsonReaderState? _behindLabels;
    private bool _inResult;
    private Func<string, QueryNote>? _inNotes;
    private Sample[] _samples = new Sample[64];

    /// <summary>The first 300 bytes that arrived, fit to be quoted in an error.</summary>
    public string Head => QuotedText.Of(_head.AsSpan(0, _headLength), QuotedBytes);

    /// <exception cref="JsonException">The bytes are not an answer of the query API.</exception>
    /// <exception cref="AnswerTooLargeException">More than <paramref name="maxBytes"/> arrived.</exception>
    public async ValueTask<QueryAnswer> DecodeAsync(Stream stream, long maxBytes, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(256 << 10);
        try
        {
            var filled = 0;
            for (long total = 0; ;)
            {
                if (buffer.Length - filled < pieceBytes) buffer = Grow(buffer, filled);
                var read = await stream.ReadAtLeastAsync(buffer.AsMemory(filled), pieceBytes, throwOnEndOfStream: false, cancel);
                var quoted = Math.Min(read, QuotedBytes - _headLength);
                buffer.AsSpan(filled, quoted).CopyTo(_head.AsSpan(_headLength));
                _headLength += quoted;
                total += read;
                if (total > maxBytes) throw new AnswerTooLargeException();
                filled += read;
                var isFinal = read < pieceBytes;
                var consumed = Decode(buffer.AsSpan(0, filled), isFinal);
                if (isFinal) return _answer;
                buffer.AsSpan(consumed, filled - consumed).CopyTo(buffer);
                filled -= consumed;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] buffer, int filled)
    {
        if (filled >= MaxSeriesBytes) throw new JsonException($"one series or value takes more than {MaxSeriesBytes >> 20} MiB");
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    /// <summary>Decodes what is whole in <paramref name="bytes"/> and returns how many bytes that was. The caller sends the rest again with more behind
    /// it.</summary>
    private int Decode(ReadOnlySpan<byte> bytes, bool isFinal)
    {
        for (var consumed = 0; ;)
        {
            var rest = bytes[consumed..];
            var labels = _inResult && _behindLabels is not null ? FindLabels(rest) : default;
            var skipped = labels.End.Value;
            var reader = new Utf8JsonReader(rest[skipped..], isFinal, skipped > 0 ? _behindLabels!.Value : _state);
            var isWhole = _inResult ? DecodeSeries(ref reader, rest, labels) : _inNotes is not null ? DecodeNote(ref reader) : DecodeEnvelope(ref reader);
            if (!isWhole) return consumed;
            _state = reader.CurrentState;
            consumed += skipped + (int)reader.BytesConsumed;
        }
    }

    /// <summary>Reads one property outside of the result array. False where it is not whole yet.</summary>
    private bool DecodeEnvelope(ref Utf8JsonReader reader)
    {
        if (!reader.Read()) return false;
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.EndObject) return true;
        if (reader.TokenType != JsonTokenType.PropertyName)
            throw new JsonException($"found {reader.TokenType} where an answer of the query API has its properties");
        var name = reader.GetString();
        if (name == "data") return true;
        if (!reader.Read()) return false;
        switch (name)
        {
            case "result":
                if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("'result' is not a list");
                _inResult = true;
                return true;
            case "status":
                _answer.Status = Text(ref reader, "a status");
                return true;
            case "resultType":
                _answer.ResultType = Text(ref reader, "a result type");
                return true;
            case "errorType":
                _answer.ErrorType = Text(ref reader, "an error type");
                return true;
            case "error":
                _answer.Error = Text(ref reader, "an error");
                return true;
            case "isPartial":
                _answer.IsPartial = reader.TokenType == JsonTokenType.True;
                return true;
            case "warnings" or "infos" when reader.TokenType != JsonTokenType.Null:
                if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("found notes that are not a list");
                _inNotes = name == "infos" ? QueryNote.Info : QueryNote.Warning;
                return true;
            default:
                return reader.TrySkip();
        }
    }

    private static string Text(ref Utf8JsonReader reader, string what) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException($"found {what} that is not a text");

    private bool DecodeNote(ref Utf8JsonReader reader)
    {
        if (!reader.Read()) return false;
        if (reader.TokenType == JsonTokenType.EndArray) _inNotes = null;
        else _answer.Add(_inNotes!(Text(ref reader, "a note")));
        return true;
    }

    /// <param name="labels">Where the labels are, with the reader right behind them, or nothing, with the reader before the series.</param>
    private bool DecodeSeries(ref Utf8JsonReader reader, ReadOnlySpan<byte> bytes, Range labels)
    {
        if (labels.End.Value == 0)
        {
            if (!reader.Read()) return false;
            if (reader.TokenType == JsonTokenType.EndArray)
            {
                _inResult = false;
                return true;
            }

            if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("found a series that is not an object");
        }

        var count = 0;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject)
            {
                sink.Series(bytes[labels], _samples.AsSpan(0, count));
                return true;
            }

            if (reader.ValueTextEquals("metric"u8))
            {
                if (!reader.Read()) return false;
                if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("found labels that are not an object");
                var start = (int)reader.TokenStartIndex;
                if (!reader.TrySkip()) return false;
                labels = start..(int)reader.BytesConsumed;
                _behindLabels ??= reader.CurrentState;
            }
            else if (reader.ValueTextEquals("values"u8))
            {
                if (!reader.Read() || !Samples(ref reader, ref count)) return false;
            }
            else if (reader.ValueTextEquals("value"u8))
            {
                if (!reader.Read() || !One(ref reader, ref count)) return false;
            }
            else if (!reader.TrySkip())
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>Finds the labels of a series behind another one as servers write nearly all. Reading them token by token took half of the time.</summary>
    /// <remarks>The first <c>"}</c> ends the labels if <c>,"values":[</c> follows: inside a label's value those quotes would be escaped. Whether the
    /// labels are well-formed is seen when a series is first seen and classified. After that it is told by the hash of its labels.</remarks>
    private static Range FindLabels(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(",{\"metric\":{\""u8)) return default;
        var end = bytes.IndexOf("\"}"u8) + 2;
        return end >= 2 && bytes[end..].StartsWith(",\"values\":["u8) ? ",{\"metric\":"u8.Length..end : default;
    }

    private bool Samples(ref Utf8JsonReader reader, ref int count)
    {
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndArray) return true;
            if (!One(ref reader, ref count)) return false;
        }

        return false;
    }

    /// <summary>One <c>[seconds, "value"]</c>, the reader standing on its bracket.</summary>
    private bool One(ref Utf8JsonReader reader, ref int count)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("found a sample that is not a pair of time and value");
        if (!reader.Read()) return false;
        if (reader.TokenType != JsonTokenType.Number) throw new JsonException("found a sample whose time is not a number");
        var milliseconds = Milliseconds(reader.ValueSpan);
        if (!reader.Read()) return false;
        var value = Value(reader.ValueSpan);
        if (!reader.Read()) return false;
        if (reader.TokenType != JsonTokenType.EndArray) throw new JsonException("found a sample that is not a pair of time and value");
        if (count == _samples.Length) Array.Resize(ref _samples, count * 2);
        _samples[count++] = new Sample(milliseconds, value);
        return true;
    }

    /// <summary>Seconds with three decimals, as most servers write them, are read as two whole numbers. That takes a third of the time.</summary>
    private static long Milliseconds(ReadOnlySpan<byte> text)
    {
        var point = text.Length - 4;
        if (point > 0 && text[point] == '.'
            && Utf8Parser.TryParse(text, out uint seconds, out var used) && used == point
            && Utf8Parser.TryParse(text[(point + 1)..], out uint milliseconds, out used) && used == 3) return (seconds * 1000L) + milliseconds;
        return Utf8Parser.TryParse(text, out double value, out _)
            ? (long)Math.Round(value * 1000)
            : throw new JsonException("found a sample whose time is not a number");
    }

    /// <summary>Nearly all counters are whole numbers, which are read in a third of the time.</summary>
    private static double Value(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out long whole, out var used) && used == text.Length ? whole
        : Utf8Parser.TryParse(text, out double value, out used) && used == text.Length ? value
        : text.SequenceEqual("+Inf"u8) ? double.PositiveInfinity
        : text.SequenceEqual("-Inf"u8) ? double.NegativeInfinity
        : text.SequenceEqual("NaN"u8) ? double.NaN
        : throw new JsonException("found a sample whose value is not a number");
}

/// <summary>An answer exceeded <c>prometheus.max_response_bytes</c>.</summary>
internal sealed class AnswerTooLargeException : Exception;
