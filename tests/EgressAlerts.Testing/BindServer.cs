using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Testing;

/// <summary>A real BIND on loopback, authoritative for the zones that a test gives it.</summary>
public sealed class BindServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ServerProcess _process;

    private BindServer(int port, IReadOnlyList<(string Zone, string Records)> zones)
    {
        Endpoint = new IPEndPoint(IPAddress.Loopback, port);
        var config = $$"""
            options {
              directory "{{_folder.Path}}";
              pid-file "{{_folder.File("pid")}}";
              session-keyfile "{{_folder.File("key")}}";
              listen-on port {{port}} { 127.0.0.1; };
              listen-on-v6 { none; };
              recursion no;
              tcp-clients 1000;
              tcp-listen-queue 1000;
              check-names primary ignore;
              allow-transfer { none; };
              notify no;
            };
            controls { };

            """;
        foreach (var (zone, records) in zones)
        {
            _folder.Write(zone, $"$TTL 300\n@ SOA ns.invalid. root.invalid. 1 3600 600 86400 120\n@ NS ns.invalid.\n{records}\n");
            config += $"zone \"{zone}\" {{ type primary; file \"{_folder.File(zone)}\"; }};\n";
        }

        var program = File.Exists("/usr/sbin/named") ? "/usr/sbin/named" : "named";
        _process = new ServerProcess(program, ["-g", "-n", "1", "-c", _folder.Write("named.conf", config)], _folder.Path);
    }

    public IPEndPoint Endpoint { get; }

    public static async Task<BindServer> StartAsync(params (string Zone, string Records)[] zones)
    {
        var server = new BindServer(FreePort.Next(), zones);
        await Deadline.UntilAsync(server.IsReadyAsync, 30, "BIND is ready");
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.KillAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process.HasExited) throw new InvalidOperationException($"BIND ended: {_process.Output}");
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(Endpoint);
            if (_process.Output.Contains("not loaded due to errors", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"BIND refused a zone: {_process.Output}");
            }

            return _process.Output.Contains("running", StringComparison.Ordinal);
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
