using System.Net;
using System.Net.Sockets;
using DnsClient;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Naming.Dns;

/// <summary>Finds the names of addresses, and the addresses of names, in the background. Callers choose how long they wait for DNS. Any thread.</summary>
public sealed class Lookups : IAsyncDisposable
{
    /// <summary>The tables of the database in which answers are remembered.</summary>
    public static readonly IReadOnlyList<string> Tables = ["name_of_address", "addresses_of_name"];

    private const int QueueCapacity = 20_000;
    private const int MaxConfirmedNames = 5;

    internal static readonly Shape<UInt128, Remembered<ReverseAnswer>> NameOfAddress = Shape.Json(
        "name_of_address",
        ["address"],
        address => [$"{AddressNumber.ToAddress(address)}"],
        values => AddressNumber.Of(IPAddress.Parse((string)values[0])),
        DnsJson.Default.RememberedReverseAnswer);

    internal static readonly Shape<Question, Remembered<ForwardAnswer>> AddressesOfName = Shape.Json(
        "addresses_of_name",
        ["name", "type"],
        question => [question.Name, $"{question.Type}"],
        values => Question.AddressesOf((string)values[0], (string)values[1] switch
        {
            "A" => AddressFamily.InterNetwork,
            "AAAA" => AddressFamily.InterNetworkV6,
            var other => throw new FormatException($"'{other}' is neither A nor AAAA"),
        }),
        DnsJson.Default.RememberedForwardAnswer);

    private static readonly TimeSpan CrashesAreOver = TimeSpan.FromMinutes(1);

    private readonly DnsOptions _options;
    private readonly DnsMetrics _metrics;
    private readonly NameServers _servers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AnswerCache<UInt128, ReverseAnswer> _names;
    private readonly AnswerCache<Question, ForwardAnswer> _addresses;
    private readonly LookupQueue _queue = new(QueueCapacity);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Lazy<Task> _workers; // They begin with the first question.
    private DateTimeOffset? _lastCrash; // Null while look-ups work as they should.

    public Lookups(DnsOptions options, StoredState state, DnsMetrics metrics, TimeProvider time, ILogger<Lookups>? logger = null)
    {
        (_options, _metrics, _time, _logger) = (options, metrics, time, logger ?? NullLogger<Lookups>.Instance);
        _servers = new NameServers(options, metrics, time, _logger);
        _names = new(options, options.MaxEntries, state.Table(NameOfAddress), time);
        // Clients choose the text of their claims. So claims have room of their own.
        _addresses = new(options, options.MaxEntries / 4, state.Table(AddressesOfName), time);
        _workers = new(() => Task.WhenAll(Enumerable.Range(0, options.MaxInFlight).Select(_ => Task.Run(WorkAsync))));
        metrics.Watch(() => (_names.Count, _addresses.Count, Waiting));
    }

    /// <summary>The servers that are asked. They are disposed of with this.</summary>
    public NameServers Servers => _servers;

    /// <summary>Returns what is known now. Where that is nothing, or where it is time to ask again, DNS is asked in the background.</summary>
    /// <param name="weight">How much traffic depends on the answer. Questions with most are asked first.</param>
    public ReverseAnswer Find(IPAddress address, double weight = 0)
    {
        var answer = _names.Find(AddressNumber.Of(address), out var due);
        if (due) Ask(Question.NameOf(address), weight);
        return answer;
    }

    /// <summary>The addresses of a name; otherwise like <see cref="Find"/>.</summary>
    /// <param name="family">Which kind of addresses.</param>
    public ForwardAnswer Resolve(string name, AddressFamily family, double weight = 0)
    {
        var question = Question.AddressesOf(name, family);
        var answer = _addresses.Find(question, out var due);
        if (due) Ask(question, weight);
        return answer;
    }

    /// <summary>How many questions wait for their turn.</summary>
    internal int Waiting => _queue.Waiting;

    /// <summary>Completes when those of the questions that are under way have ended, or after <paramref name="most"/>.</summary>
    public async Task SettleAsync(IEnumerable<Question> questions, TimeSpan most, CancellationToken cancel)
    {
        try
        {
            await _queue.WhenDone(questions).WaitAsync(most, cancel);
        }
        catch (TimeoutException)
        {
            // The other answers come later, and the next window finds them.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _servers.Dispose();
        if (_workers.IsValueCreated) await _workers.Value;
        _stop.Dispose();
        _queue.Dispose();
    }

    private void Ask(Question question, double weight)
    {
        if (!_queue.TryAdd(question, weight)) _metrics.Dropped();
        _ = _workers.Value;
    }

    /// <summary>Looks up one question after the other. There are <c>dns.max_in_flight</c> workers, most of which wait.</summary>
    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                var flight = await _queue.TakeAsync(_stop.Token);
                try
                {
                    var (question, stop) = (flight.Question, _stop.Token);
                    var isAnswered = await (question.Type == QueryType.PTR ? NameAsync(question.Address, stop) : AddressesAsync(question, stop));
                    if (!isAnswered) Failed(question);
                    Worked();
                }
                catch (Exception e) when (!_stop.IsCancellationRequested)
                {
                    Crashed(flight.Question, e);
                }
                finally
                {
                    _queue.Done(flight);
                }
            }
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // The service stops. Whoever still waits has a limit of their own.
        }
    }

    /// <summary>The question counts as failed. A bug must not end the worker, and the same question must not be asked again at once.</summary>
    private void Crashed(Question question, Exception e)
    {
        _metrics.Failure("internal");
        bool isNews;
        lock (_lock) (isNews, _lastCrash) = (_lastCrash is null, _time.GetUtcNow());
        if (isNews) Log.LookupCrashed(_logger, e);
        Failed(question);
    }

    private void Failed(Question question)
    {
        if (question.Type == QueryType.PTR)
        {
            _metrics.Lookup("failed");
            _names.StoreFailure(question.Address);
        }
        else
        {
            _metrics.Claim("failed");
            _addresses.StoreFailure(question);
        }
    }

    private void Worked()
    {
        lock (_lock)
        {
            if (_lastCrash is not { } last || _time.GetUtcNow() - last < CrashesAreOver) return;
            _lastCrash = null;
        }

        Log.LookupsAreWell(_logger);
    }

    /// <returns>False where nobody answered.</returns>
    private async Task<bool> NameAsync(UInt128 key, CancellationToken cancel)
    {
        var address = AddressNumber.ToAddress(key);
        var reply = await _servers.AskAsync(address.GetArpaName().TrimEnd('.'), QueryType.PTR, cancel);
        _metrics.Refused(reply.Refused);
        if (reply.Outcome == DnsOutcome.Failure) return false;
        if (reply.Names.Count == 0)
        {
            _metrics.Lookup("unnamed");
            _names.Store(key, new(AnswerState.Absent, "", Confirmed: false), reply.Ttl);
            return true;
        }

        // Servers rotate their answers. The choice must not depend on the order.
        IReadOnlyList<string> names = [.. reply.Names.Order(StringComparer.Ordinal).Take(MaxConfirmedNames)];
        var confirmed = _options.Confirm ? await ConfirmedAsync(address, names, cancel) : (Name: null, Failed: false);
        // It is not known whether the name is confirmed. So the address gets no name yet, rather than one whose standing changes.
        if (confirmed.Name is null && confirmed.Failed) return false;
        _metrics.Lookup(confirmed.Name is null ? "unconfirmed" : "confirmed");
        _names.Store(key, new(AnswerState.Present, confirmed.Name ?? names[0], confirmed.Name is not null), reply.Ttl);
        return true;
    }

    /// <returns>False where nobody answered.</returns>
    private async Task<bool> AddressesAsync(Question question, CancellationToken cancel)
    {
        var reply = await _servers.AskAsync(question.Name, question.Type, cancel);
        if (reply.Outcome == DnsOutcome.Failure) return false;
        var known = _addresses.Find(question, out _);
        _metrics.Claim(reply.Addresses.Count > 0 ? "resolved" : "absent");
        // Names behind load balancers answer differently each time. So a second look comes soon, whatever the TTL.
        _addresses.Store(question, known.Plus(reply.Addresses, (uint)_time.GetUtcNow().ToUnixTimeSeconds()), known.Looks == 0 ? _options.MinTtl : reply.Ttl);
        return true;
    }

    private async Task<(string? Name, bool Failed)> ConfirmedAsync(IPAddress address, IReadOnlyList<string> names, CancellationToken cancel)
    {
        var type = address.AddressFamily == AddressFamily.InterNetwork ? QueryType.A : QueryType.AAAA;
        var failed = false;
        foreach (var name in names)
        {
            var reply = await _servers.AskAsync(name, type, cancel);
            if (reply.Addresses.Contains(address)) return (name, false);
            failed |= reply.Outcome == DnsOutcome.Failure;
        }

        return (null, failed);
    }
}
