namespace EgressAlerts.Testing;

/// <summary>A real vmauth on loopback. It lets one user in, and hands requests on by the tenant in the header X-Scope-OrgID.</summary>
public sealed class VmauthServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _process;

    private VmauthServer()
    {
    }

    public Uri Address { get; } = new($"http://127.0.0.1:{FreePort.Next()}");

    /// <param name="tenants">The name of each tenant, and the server that holds its samples.</param>
    public static async Task<VmauthServer> StartAsync(string user, string password, params (string Tenant, Uri Server)[] tenants)
    {
        var server = new VmauthServer();
        var map = tenants.Select(tenant => $"  - {{src_headers: ['X-Scope-OrgID: {tenant.Tenant}'], src_paths: ['/.*'], url_prefix: '{tenant.Server}'}}\n");
        server._folder.Write("auth.yml", $"users:\n- username: {user}\n  password: {password}\n  url_map:\n{string.Concat(map)}");
        server._process = new ServerProcess(
            "vmauth",
            [$"-auth.config={server._folder.File("auth.yml")}", $"-httpListenAddr={server.Address.Authority}", "-loggerLevel=WARN"],
            server._folder.Path);
        await server._process.UntilReadyAsync(new Uri(server.Address, "health"));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.KillAsync();
            _process.Dispose();
        }

        _folder.Dispose();
    }
}
