using System.Globalization;
using BenchmarkDotNet.Running;
using EgressAlerts.Benchmarks;
using EgressAlerts.Testing;

// steady [SERIES] [WINDOW_SECONDS] [WINDOWS]: the whole program in its steady state, at a real Prometheus.
// made-up [SERIES] [WINDOW_SECONDS] [WINDOWS] [PODS]: the same at a server that makes its answers up, with at least PODS targets.
// mesh [SERIES] [WINDOW_SECONDS] [WINDOWS] [ENGINE]: what 2 % of egress among SERIES costs the program and a real store, read alone and read with all.
// plan [SERIES]: what the ways to ask cost Prometheus.
// dns [ADDRESSES]: reverse look-ups beside dnsperf, which must be installed, at the same BIND.
// naming: what naming and looking up networks cost.
// budget: what admission, exposition and compression cost.
// detection: what all detectors together cost in a window.
// storage [SERIES]: what it costs to keep what a window changed, and to read it all at the start.
// memory [DESTINATIONS]: what floods of destinations that never come back leave in memory.
// backtest [SERIES] [SINCE]: what a backtest costs, SERIES of them live at a time.
// pages [DESTINATIONS]: what pages of long tables cost.
// door [FLOWS]: what propose and replay cost over two weeks, and what they cost Prometheus.
// Anything else goes to BenchmarkDotNet.
int Number(int index, int fallback) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : fallback;

switch (args)
{
    case ["steady", ..]:
        await SteadyState.AtPrometheusAsync(Number(1, 10_000), Number(2, 15), Number(3, 20));
        break;
    case ["made-up", ..]:
        await SteadyState.AtMadeUpAnswersAsync(Number(1, 1_000_000), Number(2, 30), Number(3, 4), Number(4, 0));
        break;
    case ["mesh", ..]:
        await MeshCost.RunAsync(Number(1, 1_000_000), Number(2, 60), Number(3, 3), args.Length > 4 ? Enum.Parse<Engine>(args[4]) : Engine.Prometheus);
        break;
    case ["plan", ..]:
        await QueryPlan.RunAsync(Number(1, 50_000));
        break;
    case ["dns", ..]:
        await DnsSpeed.RunAsync(Number(1, 100_000));
        break;
    case ["naming", ..]:
        await NamingSpeed.RunAsync();
        break;
    case ["detection", ..]:
        DetectionSpeed.Run();
        return;
    case ["storage", ..]:
        StorageSpeed.Run(Number(1, 200_000));
        break;
    case ["memory", ..]:
        MemoryUse.Run(Number(1, 1_000_000));
        break;
    case ["backtest", ..]:
        await BacktestSpeed.RunAsync(Number(1, 9_524), args.Length > 2 ? args[2] : "21d");
        break;
    case ["pages", ..]:
        await PageSpeed.RunAsync(Number(1, 10_000));
        break;
    case ["door", ..]:
        await DoorSpeed.RunAsync(Number(1, 40_000));
        break;
    case ["budget", ..]:
        BudgetSpeed.Run();
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(SteadyState).Assembly).Run(args);
        break;
}
