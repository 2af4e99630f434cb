using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

public sealed class CommandLineTests : IDisposable
{
    private const string AddressAdvice =
        "an address with a port, such as 127.0.0.1:10098, [::1]:10098, localhost:10098, or :10098 for all IPv4 addresses of this machine";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_reference_configuration_is_good()
    {
        var (exit, output) = await RunAsync("check-config", Repository.File("deploy", "egress-alerts.yml"));
        Assert.Equal((0, true), (exit, output.EndsWith("deploy/egress-alerts.yml: good\n", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("prometheus: {intervall: 30s}", ":1: prometheus.intervall is not a known key")]
    [InlineData("prometheus: {interval: [30s]}", ":1: prometheus.interval is not a single value")]
    [InlineData("cardinality: {max_series: 3}", ":1: cardinality.max_series '3' is not a whole number from 50 to 10000000")]
    public async Task A_bad_configuration_is_told_with_its_line_by_the_check_and_by_the_start(string yaml, string expected)
    {
        var file = _folder.Write("bad.yml", yaml);
        var (exit, output) = await RunAsync("check-config", file);
        Assert.Equal(1, exit);
        Assert.Contains(file + expected, output, StringComparison.Ordinal);
        (exit, output) = await RunAsync("serve", $"--config.file={file}", $"--storage.path={_folder.File("data")}", "--web.listen-address=127.0.0.1:0");
        Assert.Equal(1, exit);
        Assert.Contains(file + expected, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Addresses_that_are_mapped_into_IPv6_are_good_wherever_a_file_or_the_configuration_may_name_them()
    {
        var config = $$"""
            telemetry: { cluster_networks: ['::ffff:10.0.0.0/104'] }
            destinations:
              networks: [{ name: own, cidrs: ['::ffff:203.0.113.0/120'] }]
              network_files: ['{{_folder.Write("nets.csv", "::ffff:0:0/96,all\n")}}']
            detection: { threat_listed: { lists: [{ name: bogons, file: '{{_folder.Write("bogons.txt", "::ffff:0:0/96\n::ffff:1.2.3.4\n10.0.0.0/8\n")}}' }] } }
            policies: [{ action: allow, destination: { cidrs: ['::ffff:203.0.113.0/120'] } }]
            """;
        var (exit, output) = await RunAsync("check-config", _folder.Write("mapped.yml", config));
        Assert.Equal((0, true), (exit, output.EndsWith("mapped.yml: good\n", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_foreign_file_that_cannot_be_used_ends_the_start_with_one_line_that_names_key_and_file()
    {
        var networks = _folder.Write("ip-ranges.json", """{"prefixes":[{"ip_prefix":"3.5.0.0/19","region":"eu-west-1","service":null}]}""");
        var file = _folder.Write("foreign.yml", $"destinations:\n  network_files: ['{networks}']\n");
        string[] serve = ["serve", $"--config.file={file}", $"--storage.path={_folder.File("data")}", "--web.listen-address=127.0.0.1:0"];
        var expected = $"{file}:2: destinations.network_files cannot be used: {networks}:0: this is not a readable ip-ranges.json: ";
        foreach (var arguments in (string[][])[["check-config", file], serve])
        {
            var (exit, output) = await RunAsync(arguments);
            Assert.Equal(1, exit);
            Assert.Contains(expected, Assert.Single(output.Trim().Split('\n')), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--no-such-option")]
    [InlineData("check-config")]
    [InlineData("serve --log.level=loud")]
    public async Task Wrong_usage_ends_with_2(string arguments) => Assert.Equal(2, (await RunAsync(arguments.Split(' '))).ExitCode);

    [Theory]
    [InlineData("here")]
    [InlineData("nohost.invalid:26197")]
    [InlineData("127.0.0.1.:26197")]
    [InlineData("egress alerts:26197")]
    [InlineData("http://127.0.0.1:26197")]
    public async Task A_listen_address_that_is_none_is_wrong_usage_and_is_told_what_to_write(string address)
    {
        var (exit, output) = await RunAsync($"--web.listen-address={address}", $"--storage.path={_folder.File("data")}");
        Assert.Equal((2, $"--web.listen-address: '{address}' is not {AddressAdvice}\n"), (exit, output));
    }

    [Fact]
    public async Task Localhost_with_any_port_is_an_address()
    {
        using var service = Start("--web.listen-address=localhost:0");
        await Deadline.UntilAsync(
            () => Task.FromResult(service.Output.Contains("listens on http://127.0.0.1:", StringComparison.Ordinal)), 30, $"it runs: {service.Output}");
        await service.StopAsync();
        Assert.Equal(0, service.ExitCode);
    }

    [Fact]
    public async Task Version_says_which_on_what_runtime_and_system()
    {
        var (exit, output) = await RunAsync("version");
        Assert.Equal(0, exit);
        Assert.Matches(@"^egress-alerts 0\.\d+\.\d+\S*\n\.NET 10\.\S+\n\S.+ \(linux-\w+\)\n$", output);
    }

    [Fact]
    public async Task What_lies_in_the_working_directory_configures_nothing()
    {
        _folder.Write("appsettings.json", "{\"Urls\": \"http://127.0.0.1:1\", \"Kestrel\": ");
        using var service = new ServerProcess(
            "dotnet",
            [EgressAlertsProcess.Program, $"--storage.path={_folder.File("data")}", "--web.listen-address=127.0.0.1:0", "--config.file=" + _folder.Write("a.yml", "prometheus: {url: 'http://127.0.0.1:9'}")],
            _folder.Path);
        await Deadline.UntilAsync(() => Task.FromResult(service.Output.Contains("listens on http://127.0.0.1:", StringComparison.Ordinal)), 30, $"it runs: {service.Output}");
        await service.StopAsync();
        Assert.Equal(0, service.ExitCode);
    }

    [Fact]
    public async Task A_folder_in_use_is_refused_and_logs_can_be_JSON()
    {
        string[] arguments = [$"--storage.path={_folder.File("data")}", "--web.listen-address=127.0.0.1:0", "--log.format=json", "--config.file=" + _folder.Write("a.yml", "prometheus: {url: 'http://127.0.0.1:9'}")];
        using var first = new ServerProcess("dotnet", [EgressAlertsProcess.Program, .. arguments], _folder.Path);
        await Deadline.UntilAsync(() => Task.FromResult(first.Output.Contains("listens on", StringComparison.Ordinal)), 30, $"the first one runs: {first.Output}");
        var (exit, output) = await RunAsync(arguments);
        Assert.Equal(1, exit);
        Assert.Contains("is another egress-alerts running on it", output, StringComparison.Ordinal);

        using var line = JsonDocument.Parse(first.Output.Split('\n')[0]);
        Assert.Equal("Information", line.RootElement.GetProperty("Level").GetString());
        await first.StopAsync();
        Assert.Equal(0, first.ExitCode);
    }

    [Fact]
    public async Task A_checkpoint_that_cannot_be_used_is_told_set_aside_and_does_not_stop_the_start()
    {
        Directory.CreateDirectory(_folder.File("data"));
        _folder.Write("data/checkpoint", "EGRESSCP, but cut off");
        using var service = new ServerProcess(
            "dotnet",
            [EgressAlertsProcess.Program, $"--storage.path={_folder.File("data")}", "--web.listen-address=127.0.0.1:0", "--config.file=" + _folder.Write("a.yml", "prometheus: {url: 'http://127.0.0.1:9'}")],
            _folder.Path);
        await Deadline.UntilAsync(() => Task.FromResult(service.Output.Contains("listens on", StringComparison.Ordinal) && service.Output.Contains("cannot be used", StringComparison.Ordinal)), 30, $"it runs: {service.Output}");
        Assert.Contains("it is cut off or not a checkpoint. It was set aside as", service.Output, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder.File("data"), "checkpoint.cut_off-*"));
        await service.StopAsync();
        Assert.Equal(0, service.ExitCode);
    }

    [Fact]
    public async Task A_checkpoint_that_the_user_may_not_read_ends_the_start_with_1_and_stays_as_it_is()
    {
        // Root may read everything, so as root the service runs as another user.
        string[] user = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "dotnet"] : ["dotnet"];
        Directory.CreateDirectory(_folder.File("data"));
        var checkpoint = _folder.Write("data/checkpoint", "precious");
        string[] arguments = [EgressAlertsProcess.Program, .. Arguments];
        Chmod("755", _folder.Path);
        Chmod("777", _folder.File("data"));
        Chmod("000", checkpoint);

        var (exit, output) = await Tool.RunAsync(user[0], [.. user[1..], .. arguments]);
        Assert.Equal(1, exit);
        Assert.Contains($"the checkpoint {checkpoint} cannot be read (", output, StringComparison.Ordinal);
        Assert.Contains("): let this user read and replace it, or move it to another folder to begin anew\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Chmod("644", checkpoint);
        Assert.Equal("precious", await File.ReadAllTextAsync(checkpoint));
    }

    [Fact]
    public async Task A_port_in_use_is_told_in_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"{taken.LocalEndpoint}";
        await StartIsRefusedAsync($"--web.listen-address: cannot listen on {address} ", "address already in use", $"--web.listen-address={address}");
    }

    [Theory]
    [InlineData("192.0.2.1:0")]
    [InlineData("[2001:db8::1]:0")]
    public Task An_address_of_another_machine_is_told_in_one_line(string address) =>
        StartIsRefusedAsync($"--web.listen-address: cannot listen on {address} ", "; ", $"--web.listen-address={address}");

    [Fact]
    public Task A_storage_path_that_is_no_folder_is_told_in_one_line() =>
        StartIsRefusedAsync("--storage.path ", "cannot be used", $"--storage.path={_folder.Write("a-file", "")}");

    [Fact]
    public Task A_configuration_that_cannot_be_read_is_told_in_one_line() =>
        StartIsRefusedAsync(_folder.Path, "the file cannot be read", $"--config.file={_folder.Path}");

    [Fact]
    public Task A_name_that_no_file_can_have_is_told_in_one_line()
    {
        var config = _folder.Write("odd.yml", """destinations: {network_files: ["a\0b"]}""");
        return StartIsRefusedAsync($"{config}:1: destinations.network_files", "cannot be used", $"--config.file={config}");
    }

    private static void Chmod(string mode, string path)
    {
        using var chmod = Process.Start("chmod", [mode, path]);
        chmod.WaitForExit();
        Assert.Equal(0, chmod.ExitCode);
    }

    /// <summary>Starts the service with arguments that override the good ones.</summary>
    private async Task StartIsRefusedAsync(string beginning, string reason, params string[] arguments)
    {
        var good = Arguments.Where(argument => !arguments.Any(other => other.Split('=')[0] == argument.Split('=')[0]));
        var (exit, output) = await RunAsync([.. good, .. arguments]);
        Assert.Equal(1, exit);
        Assert.StartsWith(beginning, output, StringComparison.Ordinal);
        Assert.Contains(reason, output, StringComparison.Ordinal);
        Assert.Single(output.TrimEnd('\n').Split('\n'));
    }

    private string[] Arguments =>
    [
        "serve",
        $"--storage.path={_folder.File("data")}",
        "--web.listen-address=127.0.0.1:0",
        $"--config.file={_folder.Write("a.yml", "prometheus: {url: 'http://127.0.0.1:9'}")}",
    ];

    private ServerProcess Start(string argument) => new(
        "dotnet", [EgressAlertsProcess.Program, .. Arguments.Where(other => other.Split('=')[0] != argument.Split('=')[0]), argument], _folder.Path);

    private static Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => Tool.RunAsync("dotnet", [EgressAlertsProcess.Program, .. arguments]);
}
