using BenchmarkDotNet.Running;
using EgressAlerts.Benchmarks;

// steady [SERIES] [WINDOW_SECONDS] [WINDOWS]: the whole program in its steady state. Anything else goes to BenchmarkDotNet.
if (args is ["steady", .. var rest])
{
    int Number(int index, int fallback) => rest.Length > index ? int.Parse(rest[index], System.Globalization.CultureInfo.InvariantCulture) : fallback;
    await SteadyState.RunAsync(Number(0, 10_000), Number(1, 15), Number(2, 20));
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(SteadyState).Assembly).Run(args);
