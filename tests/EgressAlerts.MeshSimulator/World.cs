using System.Globalization;
using System.Text;

namespace EgressAlerts.MeshSimulator;

/// <summary>The mesh: its pods, the scenario that moves them, and what each scrape was shown. Any thread.</summary>
/// <remarks>The scenario advances in ticks of fixed length with a random source of a given seed, so the same number of ticks is always the same mesh.</remarks>
/// <param name="firstPod">The number of the first pod. Pods of the same number have the same name and address.</param>
/// <param name="cluster">What Istio calls a single cluster, unless it is told otherwise.</param>
public sealed class World(Scenario scenario, int seed, TimeProvider time, string cluster = "Kubernetes", int firstPod = 0)
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly List<Pod> _pods = [];
    private readonly TruthBook _truth = new(scenario.RememberedScrapes);
    private readonly DateTimeOffset _started = time.GetUtcNow();
    private int _nextPod = firstPod;

    public int Tick { get; private set; }

    public Random Random => _random;

    public IReadOnlyList<Pod> Pods => _pods;

    /// <summary>Called by scenarios: a new pod, its address unlike any other's.</summary>
    public Pod Start(string ns, string workload, Dialect dialect = Dialect.TelemetryV2)
    {
        var number = _nextPod++;
        var suffix = string.Create(CultureInfo.InvariantCulture, $"{workload}-{number:x4}");
        var pod = new Pod(cluster, ns, workload, suffix, string.Create(CultureInfo.InvariantCulture, $"10.44.{number / 250}.{(number % 250) + 1}"), dialect);
        _pods.Add(pod);
        return pod;
    }

    /// <summary>Called by scenarios: the pod is gone and with it its series, whether or not a scrape has seen them.</summary>
    public void Stop(Pod pod) => _pods.Remove(pod);

    /// <summary>Something that happens now because a test or a person wants it.</summary>
    public void Do(Action<World> what)
    {
        lock (_lock)
        {
            Advance();
            what(this);
        }
    }

    /// <summary>Catches up with the clock, shows everything, and remembers what was shown.</summary>
    public string Scrape()
    {
        lock (_lock)
        {
            Advance();
            var shown = _pods.SelectMany(pod => pod.Counters).ToList();
            var number = _truth.Shown(shown);
            return Render(shown, number);
        }
    }

    /// <summary>What the scrapes with the numbers <paramref name="counted"/> added to what those in <paramref name="baseline"/> had shown.</summary>
    public IReadOnlyDictionary<TruthKey, double> Truth(IReadOnlyCollection<int> baseline, IReadOnlyCollection<int> counted)
    {
        lock (_lock) return _truth.Sums(baseline, counted);
    }

    private void Advance()
    {
        var target = (int)((time.GetUtcNow() - _started) / scenario.Tick);
        for (; Tick < target; Tick++) scenario.Step(this);
    }

    private static string Render(List<Counter> shown, int number)
    {
        var text = new StringBuilder(shown.Count * 700);
        text.Append("# HELP mesh_simulator_scrape_number How many scrapes there were, this one included.\n# TYPE mesh_simulator_scrape_number gauge\n");
        text.Append(CultureInfo.InvariantCulture, $"mesh_simulator_scrape_number {number}\n");
        foreach (var family in shown.GroupBy(counter => counter.Series[..counter.Series.IndexOf('{')]).OrderBy(family => family.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {family.Key} counter\n");
            foreach (var counter in family) text.Append(CultureInfo.InvariantCulture, $"{counter.Series} {counter.Value}\n");
        }

        return text.ToString();
    }
}
