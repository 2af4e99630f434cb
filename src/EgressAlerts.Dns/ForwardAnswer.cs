using System.Net;
using EgressAlerts.Model;

namespace EgressAlerts.Dns;

/// <summary>The addresses of a name: those of the last answer, and those of earlier ones within a day, because names behind load balancers
/// answer differently each time. At most 64.</summary>
public readonly struct ForwardAnswer : IAnswer
{
    private const int MaxAddresses = 64;
    private const uint Memory = 24 * 60 * 60;

    private readonly (UInt128 Address, uint Seen)[]? _seen;
    private readonly byte _last;

    private ForwardAnswer(AnswerState state, byte looks, byte last, (UInt128 Address, uint Seen)[] seen) =>
        (State, Looks, _last, _seen) = (state, looks, last, seen);

    public AnswerState State { get; }

    /// <summary>How often DNS has answered, up to 255. Twice is 48 seconds apart at least: nine tenths of a minute, less a tenth.</summary>
    public byte Looks { get; }

    /// <summary>Those of the last answer.</summary>
    public IEnumerable<IPAddress> Addresses => (_seen ?? []).Take(_last).Select(seen => AddressNumber.ToAddress(seen.Address));

    /// <summary>Whether the name resolved to the address within the last day.</summary>
    public bool Has(IPAddress address)
    {
        var number = AddressNumber.Of(address);
        return (_seen ?? []).Any(seen => seen.Address == number);
    }

    /// <param name="now">Seconds since the epoch.</param>
    internal ForwardAnswer Plus(IReadOnlyList<IPAddress> addresses, uint now)
    {
        var latest = addresses.Take(MaxAddresses).Select(AddressNumber.Of).Distinct().ToList();
        var earlier = (_seen ?? []).Where(seen => now - seen.Seen < Memory && !latest.Contains(seen.Address));
        return new(
            latest.Count > 0 ? AnswerState.Present : AnswerState.Absent,
            (byte)Math.Min(Looks + 1, byte.MaxValue),
            (byte)latest.Count,
            [.. latest.Select(address => (address, now)).Concat(earlier).Take(MaxAddresses)]);
    }

    internal void Save(BinaryWriter to)
    {
        to.Write((byte)State);
        to.Write(Looks);
        to.Write(_last);
        to.WriteAll(_seen ?? [], seen =>
        {
            to.Write(seen.Address);
            to.Write(seen.Seen);
        });
    }

    internal static ForwardAnswer Load(BinaryReader from) =>
        new((AnswerState)from.ReadByte(), from.ReadByte(), from.ReadByte(), [.. from.ReadAll(() => (from.ReadUInt128(), from.ReadUInt32()))]);
}
