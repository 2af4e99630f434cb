using System.Globalization;
using EgressAlerts.Exam.Attacks;
using EgressAlerts.Exam.Judging;
using EgressAlerts.Exam.Traffic;
using EgressAlerts.Model;

namespace EgressAlerts.Tests.Exam;

/// <summary>Detectors that are known to be good, blind or paranoid get what they deserve.</summary>
public sealed class JudgeTests : IClassFixture<JudgeTests.Fortnight>
{
    private readonly Fortnight _fortnight;

    public JudgeTests(Fortnight fortnight) => _fortnight = fortnight;

    [Fact]
    public void One_that_never_fires_finds_nothing_and_says_nothing_false()
    {
        Assert.All(_fortnight.Blind.Attacks, attack => Assert.False(attack.IsSeen));
        Assert.Empty(_fortnight.Blind.False);
        Assert.Equal((0, 0), (_fortnight.Blind.Most, _fortnight.Blind.Groups));
    }

    [Fact]
    public void One_that_knows_finds_all_and_says_nothing_false()
    {
        Assert.All(_fortnight.Oracle.Attacks, attack => Assert.True(attack.IsMeant, attack.Attack.Kind.Name));
        Assert.All(_fortnight.Oracle.Attacks, attack => Assert.InRange(attack.Found!.Value, 1, Time.Day));
        Assert.Empty(_fortnight.Oracle.False);
    }

    [Fact]
    public void One_that_tells_of_everything_finds_all_and_is_false_about_all_that_is_ordinary()
    {
        Assert.All(_fortnight.Paranoid.Attacks, attack => Assert.True(attack.Found is not null, attack.Attack.Kind.Name));
        // It says something of each exchange of the control run.
        Assert.Equal(_fortnight.OrdinaryExchanges, _fortnight.Paranoid.False.Values.Sum(one => (long)one.Control));
    }

    [Fact]
    public void Every_kind_of_ordinary_traffic_occurs() => Assert.Equal([], Ordinary.Except(_fortnight.Played));

    [Fact]
    public void Every_attack_leaves_a_mark() => Assert.All(_fortnight.Blind.Attacks, attack => Assert.True(attack.Attack.HasStarted, attack.Attack.Kind.Name));

    private static readonly string[] Ordinary =
    [
        "rhythm", "an API of a partner", "a service that many use", "a content network whose addresses rotate",
        "a cloud without reverse names whose addresses rotate", "an API that a deployment brings", "webhooks to customers", "a new customer's webhook",
        "mail to many hosts", "builds that fetch from many hosts", "an audit of many hosts each night", "a link check each Sunday",
        "previews of links that people send", "an object store behind one reverse name", "buckets by tenant", "a new tenant's bucket", "a bucket of its own",
        "rented machines behind a collapsed name", "a health check", "a poll of feature flags", "an agent of telemetry", "a licence check",
        "a licence check once a day", "a refresh of tokens", "a new version that calls its vendor", "an agent that is rolled out",
        "a backup at night by local time", "a backup at night by UTC", "an export at the month's end", "a larger job on the first of a month",
        "a replica that follows", "a replica that begins anew", "a large job now and then", "a storm of retries", "a name with sixty addresses",
        "an outage of a name with sixty addresses", "a provider with one that stands by", "a move to the provider that stands by",
        "connections that are kept alive", "a long poll", "a WebSocket", "a deployment under another name", "builds that are workloads of their own",
        "a preview that lives for hours", "pods that scale from one to twelve", "a new workload", "a database in a private network",
        "the metadata service, by who may",
    ];

    /// <summary>One fortnight, which three pairs of detectors watch, in windows of a quarter of an hour to be done soon.</summary>
    public sealed class Fortnight
    {
        public Fortnight()
        {
            var mesh = new Mesh(new(Seed: 2, Learn: 1, Window: 900));
            var blind = new Judge(mesh, _ => [], _ => []);
            var oracle = new Judge(mesh, _ => [], reading => Truth(mesh, reading));
            var paranoid = new Judge(mesh, Everything, Everything);
            while (!mesh.IsOver)
            {
                var (window, ordinary, attacks) = mesh.Next();
                foreach (var judge in (Judge[])[blind, oracle, paranoid]) judge.Observe(window, ordinary, attacks);
                if (window.Start.ToUnixTimeSeconds() >= Time.JudgedFrom) OrdinaryExchanges += ordinary.Count(IsTold);
            }

            (Blind, Oracle, Paranoid, Played) = (blind.Outcome, oracle.Outcome, paranoid.Outcome, [.. mesh.Played.Keys]);
        }

        internal Outcome Blind { get; }

        internal Outcome Oracle { get; }

        internal Outcome Paranoid { get; }

        internal long OrdinaryExchanges { get; }

        internal IReadOnlyList<string> Played { get; }

        private static List<Finding> Truth(Mesh mesh, NamedReading reading)
        {
            var at = reading.Window.End;
            return [.. mesh.Attacks.Where(attack => attack.HasStarted && at.ToUnixTimeSeconds() <= attack.End + Time.Hour)
                .Select(attack => Finding(attack.Kind.Meant, attack.Service.Source, "", at))];
        }

        /// <summary>An alert of its own for each sum that was ever seen, so that it begins anew with each window.</summary>
        private static List<Finding> Everything(NamedReading reading) =>
        [
            .. reading.Increments.Where(IsTold).Select(named =>
            {
                var (at, increment) = (reading.Window.End, named.Increment);
                var alert = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{named.Flow} {increment.Metric} {increment.Id.ResponseFlags} {increment.Amount} {at:s}");
                return Finding(alert, named.Flow.Source, named.Destination.Name, at);
            }),
        ];

        private static bool IsTold(NamedIncrement named) => named.Increment.Metric is Metric.ConnectionsClosed or Metric.Requests;

        private static Finding Finding(string alert, Workload source, string destination, DateTimeOffset at) =>
            new(alert, "warning", source, destination, at, "", "", NameSource.Ip, Confirmed: false, "");
    }
}
