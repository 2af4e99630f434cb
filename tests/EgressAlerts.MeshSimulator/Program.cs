using System.Globalization;
using EgressAlerts.MeshSimulator;

// mesh-simulator --scenario story --port 15090 --dns-port 15053 --seed 1 [--series 10000] [--receiver-port 15080]
var options = args.Chunk(2).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);

int Number(string name, int fallback) => options.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;

await using var server = await SimulatorServer.StartAsync(
    Scenarios.Named(options.GetValueOrDefault("--scenario", "story"), Number("--series", 10_000)),
    Number("--seed", 1),
    Number("--port", 0),
    Number("--dns-port", 0));
await using var receiver = options.ContainsKey("--receiver-port")
    ? await NotificationReceiver.StartAsync(Number("--receiver-port", 0), message => Console.WriteLine($"{message}\n"))
    : null;
Console.WriteLine($"mesh simulator: metrics {server.Address}metrics, truth {server.Address}api/v1/truth, DNS {server.Dns.Endpoint}");
await server.WaitAsync();
