using System.Net;
using System.Text.Json.Serialization;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Naming.Dns;

/// <summary>The addresses of a name: those of the last answer, and those of earlier ones within a day, because names behind load balancers
/// answer differently each time. At most 64.</summary>
public readonly record struct ForwardAnswer : IAnswer
{
    private const int MaxAddresses = 64;
    private const uint Memory = 24 * 60 * 60;

    public AnswerState State { get; init; }

    /// <summary>How often DNS has answered, up to 255. Two answers are at least 48 seconds apart: nine tenths of a minute, less a tenth of that.</summary>
    public byte Looks { get; init; }

    /// <summary>How many of <see cref="Seen"/> are of the last answer: those at the beginning.</summary>
    [JsonInclude]
    internal byte Latest { get; init; }

    [JsonInclude]
    internal IReadOnlyList<SeenAddress>? Seen { get; init; }

    /// <summary>The addresses of the last answer.</summary>
    [JsonIgnore]
    public IEnumerable<IPAddress> Addresses => (Seen ?? []).Take(Latest).Select(seen => AddressNumber.ToAddress(seen.Address));

    /// <summary>Whether the name resolved to the address within the last day.</summary>
    public bool Has(IPAddress address)
    {
        var number = AddressNumber.Of(address);
        return (Seen ?? []).Any(seen => seen.Address == number);
    }

    /// <param name="now">Seconds since the epoch.</param>
    internal ForwardAnswer Plus(IReadOnlyList<IPAddress> addresses, uint now)
    {
        var latest = addresses.Take(MaxAddresses).Select(AddressNumber.Of).Distinct().ToList();
        var earlier = (Seen ?? []).Where(seen => now - seen.At < Memory && !latest.Contains(seen.Address));
        return new()
        {
            State = latest.Count > 0 ? AnswerState.Present : AnswerState.Absent,
            Looks = (byte)Math.Min(Looks + 1, byte.MaxValue),
            Latest = (byte)latest.Count,
            Seen = [.. latest.Select(address => new SeenAddress(address, now)).Concat(earlier).Take(MaxAddresses)],
        };
    }
}

/// <summary>An address of a name, and when an answer last had it, in seconds since the epoch.</summary>
internal readonly record struct SeenAddress(UInt128 Address, uint At);
