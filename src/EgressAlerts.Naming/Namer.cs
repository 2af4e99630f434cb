using System.Net;
using System.Runtime.InteropServices;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>Gives every destination the most trustworthy name there is. Called by the pass alone, except where a member says that any thread may.</summary>
public sealed class Namer
{
    /// <summary>A pass waits no longer than this for DNS. Most names arrive well within it, the others a window later.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    /// <summary>A claim may need three answers, one after the other: of the name, of the address, of the name's addresses.</summary>
    private const int MaxRounds = 4;

    /// <summary>So many destinations are looked up at a time: their questions fit into the queue.</summary>
    private const int MaxResolved = 5_000;

    /// <summary>DNS is asked first about blocked destinations. A billion of these weights can still be summed.</summary>
    private const double BlockedWeight = double.MaxValue / 1e9;

    private readonly NamingOptions _options;
    private readonly Lookups _lookups;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly NameLadder _ladder;
    private readonly WaitingRoom _waiting;

    public Namer(NamingOptions options, Lookups lookups, StoredState state, TimeProvider time, ILogger<Namer> logger)
    {
        (_options, _lookups, _time, _logger) = (options, lookups, time, logger);
        (_ladder, _waiting) = (new(options, lookups, logger), new(state));
        if (!_ladder.HasSuffixList) Log.NoSuffixList(logger, options.PublicSuffixList);
    }

    /// <summary>What waits for a name.</summary>
    public IReadOnlyList<Increment> Waiting => _waiting.Increments;

    /// <summary>Names everything that a window showed, and what earlier windows left waiting. Takes a second at most, whatever DNS does.</summary>
    public async Task<NamedReading> NameAsync(Reading reading, CancellationToken cancel)
    {
        _ladder.Refresh(_logger);

        // Many increments are about one destination. Each destination is looked up once a window.
        var weights = new Dictionary<RawDestination, double>();
        foreach (var increment in reading.Increments) CollectionsMarshal.GetValueRefOrAddDefault(weights, increment.Flow.To, out _) += Weight(increment);
        foreach (var increment in _waiting.Increments) CollectionsMarshal.GetValueRefOrAddDefault(weights, increment.Flow.To, out _) += Weight(increment);
        var names = await FindAsync(weights, _options.IsPast ? TimeSpan.Zero : MaxWait, cancel);

        var named = new List<NamedIncrement>(reading.Increments.Count);
        foreach (var (released, since) in _waiting.Release((flow, since) => names[flow.To].IsFinal || reading.Window.End - since >= _options.Patience))
            named.Add(names[released.Flow.To].Named(released, NameStage.FinalLater, since));

        foreach (var increment in reading.Increments)
        {
            var name = names[increment.Flow.To];
            var waits = !name.IsFinal && _options.Patience > TimeSpan.Zero && _waiting.TryAdd(increment, reading.Window.End);
            named.Add(name.Named(increment, waits ? NameStage.Open : NameStage.Final));
        }

        return new NamedReading(reading.Window, named);
    }

    /// <summary>The best names that are known now, or within a second, of destinations that nothing waits for.</summary>
    public async Task<IReadOnlyDictionary<RawDestination, Destination>> NameAsync(IEnumerable<RawDestination> destinations, CancellationToken cancel)
    {
        var names = await FindAsync(destinations.Distinct().ToDictionary(to => to, _ => 0.0), MaxWait, cancel);
        return names.ToDictionary(name => name.Key, name => name.Value.Destination);
    }

    /// <summary>Says how a destination would be named, and why. Any thread.</summary>
    /// <param name="most">How long DNS may take. What it has not said by then stays open.</param>
    public async Task<NameExplanation> ExplainAsync(RawDestination to, TimeSpan most, CancellationToken cancel)
    {
        await FindAsync(new() { [to] = 0 }, most, cancel);
        return new NameExplainer(_ladder, _lookups, _options.CheckClaims).Explain(to);
    }

    /// <summary>The most specific network of the user's or of a file that holds an address. Null where none does. Any thread.</summary>
    public IPNetwork? NetworkOf(IPAddress address) => _ladder.NetworkOf(address);

    /// <summary>The files that names come from. Any thread.</summary>
    public IReadOnlyList<FileStatus> Files => _ladder.Files;

    /// <summary>Looks names up that windows will ask for, however long DNS takes. Where it does not answer, they stay unknown.</summary>
    public async Task ResolveAsync(IEnumerable<RawDestination> destinations, CancellationToken cancel)
    {
        foreach (var some in destinations.Distinct().Chunk(MaxResolved))
            await FindAsync(some.ToDictionary(to => to, _ => 0.0), Timeout.InfiniteTimeSpan, cancel);
    }

    private static double Weight(Increment increment) => increment.Flow.Route == Route.Blocked ? BlockedWeight : increment.Amount;

    /// <summary>Names every destination. What is open is asked of DNS, and named again with the answers that come in time.</summary>
    private async Task<Dictionary<RawDestination, FoundName>> FindAsync(Dictionary<RawDestination, double> weights, TimeSpan maxWait, CancellationToken cancel)
    {
        var names = new Dictionary<RawDestination, FoundName>(weights.Count);
        using var limit = new CancellationTokenSource(maxWait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        IReadOnlyCollection<RawDestination> toFind = weights.Keys;
        for (var round = 0; ; round++)
        {
            var (questions, open) = (new List<Question>(), new List<RawDestination>());
            foreach (var to in toFind)
            {
                var before = questions.Count;
                names[to] = _ladder.Find(to, round == 0 ? weights[to] : 0, questions);
                if (questions.Count > before) open.Add(to);
            }

            if (open.Count == 0 || limit.IsCancellationRequested || round == MaxRounds) return names;
            toFind = open;
            try
            {
                await _lookups.SettleAsync(questions, Timeout.InfiniteTimeSpan, either.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // The time is over. A last round takes what was answered by now; the next window finds the rest.
            }
        }
    }
}
