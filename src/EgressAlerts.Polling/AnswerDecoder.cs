using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace EgressAlerts.Polling;

/// <summary>Decodes the answer of Prometheus' query API while it arrives, holding one series at a time. Hot code.</summary>
/// <remarks>One instance per answer. Matrix (<c>values</c>) and vector (<c>value</c>) results are understood.</remarks>
internal sealed class AnswerDecoder(ISeriesSink sink)
{
    /// <summary>A series whose labels and samples do not fit in this is damage or an attack.</summary>
    private const int MaxSeriesBytes = 16 << 20;

    private const int MaxFastDigits = 15;

    private readonly QueryAnswer _answer = new();
    private JsonReaderState _state;
    private bool _inResult;
    private Func<string, QueryNote>? _inNotes;
    private Sample[] _samples = new Sample[64];

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
                if (filled == buffer.Length) buffer = Grow(buffer, filled);
                var read = await stream.ReadAsync(buffer.AsMemory(filled), cancel);
                total += read;
                if (total > maxBytes) throw new AnswerTooLargeException();
                filled += read;
                var consumed = Decode(buffer.AsSpan(0, filled), isFinal: read == 0);
                if (read == 0) return _answer;
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

    /// <summary>Decodes whatever is whole in <paramref name="bytes"/> and says how much that was; the rest comes again with more behind it.</summary>
    private int Decode(ReadOnlySpan<byte> bytes, bool isFinal)
    {
        for (var consumed = 0; ;)
        {
            // Between two series the JSON reader's state is the same whoever decoded the one before.
            while (_inResult && TryDecodeCompact(bytes[consumed..], out var taken)) consumed += taken;
            var rest = bytes[consumed..];
            var reader = new Utf8JsonReader(rest, isFinal, _state);
            if (!(_inResult ? DecodeSeries(ref reader, rest) : _inNotes is not null ? DecodeNote(ref reader) : DecodeEnvelope(ref reader))) return consumed;
            _state = reader.CurrentState;
            consumed += (int)reader.BytesConsumed;
        }
    }

    /// <summary>A series behind another one, written without a space and with plain numbers, as servers write nearly all: several times faster than reading
    /// JSON token by token. Anything else is left to the reader, and so is judging what is no JSON.</summary>
    /// <remarks>The first <c>"}</c> ends the labels if <c>,"values":[[</c> follows: inside a label's value those quotes would be escaped. That the labels
    /// are well-formed is seen when they are classified, which is when they are first seen; after that they are told by their hash.</remarks>
    private bool TryDecodeCompact(ReadOnlySpan<byte> bytes, out int taken)
    {
        taken = 0;
        if (!bytes.StartsWith(",{\"metric\":{\""u8)) return false;
        var labels = ",{\"metric\":"u8.Length;
        var end = bytes.IndexOf("\"}"u8) + 2;
        if (end < 2 || !bytes[end..].StartsWith(",\"values\":["u8)) return false;

        var at = end + ",\"values\":["u8.Length;
        for (var count = 0; ;)
        {
            if (count == _samples.Length) Array.Resize(ref _samples, count * 2);
            if (!TryCompactSample(bytes, ref at, out _samples[count++]) || at + 2 > bytes.Length) return false;
            if (bytes[at] == ',')
            {
                at++;
                continue;
            }

            if (bytes[at] != ']' || bytes[at + 1] != '}') return false;
            sink.Series(bytes[labels..end], _samples.AsSpan(0, count));
            taken = at + 2;
            return true;
        }
    }

    /// <summary><c>[1767268800.123,"42"]</c>, with up to three decimals and a whole value of up to 15 digits, which a double holds exactly.</summary>
    private static bool TryCompactSample(ReadOnlySpan<byte> bytes, ref int at, out Sample sample)
    {
        sample = default;
        if (at >= bytes.Length || bytes[at++] != '[' || !TryDigits(bytes, ref at, out var seconds, out _)) return false;
        var milliseconds = seconds * 1000;
        if (bytes[at] == '.')
        {
            at++;
            if (!TryDigits(bytes, ref at, out var fraction, out var digits) || digits > 3) return false;
            milliseconds += digits == 3 ? fraction : digits == 2 ? fraction * 10 : fraction * 100;
        }

        if (!bytes[at..].StartsWith(",\""u8)) return false;
        at += 2;
        if (!TryDigits(bytes, ref at, out var value, out _) || !bytes[at..].StartsWith("\"]"u8)) return false;
        at += 2;
        sample = new Sample(milliseconds, value);
        return true;
    }

    /// <summary>One digit or more with another byte behind them.</summary>
    private static bool TryDigits(ReadOnlySpan<byte> bytes, ref int at, out long number, out int digits)
    {
        (number, digits) = (0, 0);
        for (; at < bytes.Length; at++, digits++)
        {
            var digit = (uint)(bytes[at] - '0');
            if (digit > 9) return digits is > 0 and <= MaxFastDigits;
            if (digits < MaxFastDigits) number = (number * 10) + digit;
        }

        return false;
    }

    /// <summary>One property outside of the result array; false where it is not whole yet.</summary>
    private bool DecodeEnvelope(ref Utf8JsonReader reader)
    {
        if (!reader.Read()) return false;
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.EndObject) return true;
        if (reader.TokenType != JsonTokenType.PropertyName) throw new JsonException($"found {reader.TokenType} where an answer of the query API has its properties");
        if (reader.ValueTextEquals("data"u8)) return true;
        if (reader.ValueTextEquals("result"u8))
        {
            if (!reader.Read()) return false;
            if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("'result' is not a list");
            _inResult = true;
            return true;
        }

        if (reader.ValueTextEquals("status"u8)) return Text(ref reader, (answer, text) => answer.Status = text);
        if (reader.ValueTextEquals("resultType"u8)) return Text(ref reader, (answer, text) => answer.ResultType = text);
        if (reader.ValueTextEquals("errorType"u8)) return Text(ref reader, (answer, text) => answer.ErrorType = text);
        if (reader.ValueTextEquals("error"u8)) return Text(ref reader, (answer, text) => answer.Error = text);
        if (reader.ValueTextEquals("warnings"u8)) return BeginNotes(ref reader, QueryNote.Warning);
        if (reader.ValueTextEquals("infos"u8)) return BeginNotes(ref reader, QueryNote.Info);
        if (reader.ValueTextEquals("isPartial"u8))
        {
            if (!reader.Read()) return false;
            _answer.IsPartial = reader.TokenType == JsonTokenType.True;
            return true;
        }

        return reader.TrySkip();
    }

    private bool Text(ref Utf8JsonReader reader, Action<QueryAnswer, string> set)
    {
        if (!reader.Read()) return false;
        set(_answer, reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("found a value that is not a text"));
        return true;
    }

    private bool BeginNotes(ref Utf8JsonReader reader, Func<string, QueryNote> read)
    {
        if (!reader.Read()) return false;
        if (reader.TokenType == JsonTokenType.StartArray) _inNotes = read;
        else if (reader.TokenType != JsonTokenType.Null) throw new JsonException("found notes that are not a list");
        return true;
    }

    private bool DecodeNote(ref Utf8JsonReader reader)
    {
        if (!reader.Read()) return false;
        if (reader.TokenType == JsonTokenType.String) _answer.Add(_inNotes!(reader.GetString()!));
        else if (reader.TokenType == JsonTokenType.EndArray) _inNotes = null;
        else throw new JsonException("found a note that is not a text");
        return true;
    }

    private bool DecodeSeries(ref Utf8JsonReader reader, ReadOnlySpan<byte> bytes)
    {
        if (!reader.Read()) return false;
        if (reader.TokenType == JsonTokenType.EndArray)
        {
            _inResult = false;
            return true;
        }

        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("found a series that is not an object");
        var labels = default(Range);
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
                var start = (int)reader.TokenStartIndex;
                if (!reader.TrySkip()) return false;
                labels = start..(int)reader.BytesConsumed;
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
        var milliseconds = (long)Math.Round(reader.GetDouble() * 1000);
        if (!reader.Read()) return false;
        var value = Value(reader.ValueSpan);
        if (!reader.Read()) return false;
        if (reader.TokenType != JsonTokenType.EndArray) throw new JsonException("found a sample that is not a pair of time and value");
        if (count == _samples.Length) Array.Resize(ref _samples, count * 2);
        _samples[count++] = new Sample(milliseconds, value);
        return true;
    }

    private static double Value(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out double value, out var used) && used == text.Length ? value
        : text.SequenceEqual("+Inf"u8) ? double.PositiveInfinity
        : text.SequenceEqual("-Inf"u8) ? double.NegativeInfinity
        : text.SequenceEqual("NaN"u8) ? double.NaN
        : throw new JsonException("found a sample whose value is not a number");
}

/// <summary>An answer exceeded <c>prometheus.max_response_bytes</c>.</summary>
internal sealed class AnswerTooLargeException : Exception;
