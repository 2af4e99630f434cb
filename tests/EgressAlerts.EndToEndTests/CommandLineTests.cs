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
        var output = await OutputAsync(0, "check-config", Repository.File("deploy", "egress-alerts.yml"));
        Assert.EndsWith("deploy/egress-alerts.yml: good\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prometheus: {intervall: 30s}", ":1: prometheus.intervall is not a known key")]
    [InlineData("prometheus: {interval: [30s]}", ":1: prometheus.interval is not a single value")]
    [InlineData("cardinality: {max_series: 3}", ":1: cardinality.max_series '3' is not a whole number from 50 to 10000000")]
    public async Task A_bad_configuration_is_told_with_its_line_by_the_check_and_by_the_start(string yaml, string expected)
    {
        var file = _folder.Write("bad.yml", yaml);
        string[] serve = ["serve", $"--config.file={file}", $"--storage.path={_folder.File("data")}", "--web.listen-address=127.0.0.1:0"];
        Assert.Contains(file + expected, await OutputAsync(1, "check-config", file), StringComparison.Ordinal);
        Assert.Contains(file + expected, await OutputAsync(1, serve), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http_server_config: {http2: false}", 0, "web.yml: good\n")]
    [InlineData("http_server_config: {http3: true}", 1, "web.yml:1: http_server_config.http3 is not a known key")]
    [InlineData("tls_server_config: {cert_file: gone.crt, key_file: gone.key}", 1, "web.yml:1: tls_server_config")]
    public async Task The_file_of_the_web_server_is_checked_too(string yaml, int exitCode, string expected)
    {
        var (config, web) = (_folder.Write("good.yml", "{}\n"), _folder.Write("web.yml", yaml));
        Assert.Contains(expected, await OutputAsync(exitCode, "check-config", config, $"--web.config.file={web}"), StringComparison.Ordinal);
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
        Assert.EndsWith("mapped.yml: good\n", await OutputAsync(0, "check-config", _folder.Write("mapped.yml", config)), StringComparison.Ordinal);
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
            var output = await OutputAsync(1, arguments);
            Assert.Contains(expected, Assert.Single(output.Trim().Split('\n')), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Rules_and_dashboards_come_with_links_to_where_the_service_is_and_those_that_tell_twice_only_on_request()
    {
        string[] rules = ["rules", "--external-url=https://mesh.example.org/egress/"];
        var printed = await OutputAsync(0, rules);
        var file = _folder.Write("all.rules.yml", printed);
        Assert.Contains("SUCCESS: ", await Tool.OutputAsync("promtool", ["check", "rules", file]), StringComparison.Ordinal);
        Assert.Contains("runbook_url: https://mesh.example.org/egress/runbooks/EgressAlertsDown\n", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("egress-alerts.example.com", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("EgressTrafficBlocked", printed, StringComparison.Ordinal);
        Assert.Contains("EgressTrafficBlocked", await OutputAsync(0, [.. rules, "--by-prometheus"]), StringComparison.Ordinal);

        var written = (await OutputAsync(0, [.. rules, $"--out={_folder.File("shipped")}"])).Trim().Split('\n');
        string[] shipped =
        [
            .. Directory.GetFiles(Repository.File("grafana", "dashboards"), "*.json").Select(path => $"dashboards/{Path.GetFileName(path)}"),
            .. Directory.GetFiles(Repository.File("alerts"), "*.rules.yml").Select(path => $"rules/{Path.GetFileName(path)}"),
        ];
        var names = written.Select(path => Path.GetRelativePath(_folder.File("shipped"), path));
        Assert.Equal(shipped.Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
        foreach (var path in written)
        {
            var text = await File.ReadAllTextAsync(path);
            Assert.DoesNotContain("egress-alerts.example.com", text, StringComparison.Ordinal);
            if (path.EndsWith(".json", StringComparison.Ordinal)) Assert.Contains("\"https://mesh.example.org/egress\"", text, StringComparison.Ordinal);
        }

        Assert.Equal(
            "--external-url: 'mesh.example.org' is not an absolute http or https URL, such as https://egress-alerts.example.com\n",
            await OutputAsync(2, "rules", "--external-url=mesh.example.org"));
        Assert.Contains("cannot be written", await OutputAsync(1, [.. rules, $"--out={file}"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--no-such-option")]
    [InlineData("check-config")]
    [InlineData("serve --log.level=loud")]
    public async Task Wrong_usage_ends_with_2(string arguments) => await OutputAsync(2, arguments.Split(' '));

    [Theory]
    [InlineData("here")]
    [InlineData("nohost.invalid:26197")]
    [InlineData("127.0.0.1.:26197")]
    [InlineData("egress alerts:26197")]
    [InlineData("http://127.0.0.1:26197")]
    public async Task A_listen_address_that_is_none_is_wrong_usage_and_is_told_what_to_write(string address)
    {
        var output = await OutputAsync(2, $"--web.listen-address={address}", $"--storage.path={_folder.File("data")}");
        Assert.Equal($"--web.listen-address: '{address}' is not {AddressAdvice}\n", output);
    }

    [Fact]
    public async Task Localhost_with_any_port_is_an_address()
    {
        using var service = Start("--web.listen-address=localhost:0");
        await UntilItListensAsync(service);
        Assert.Contains("listens on http://127.0.0.1:", service.Output, StringComparison.Ordinal);
        await service.StopAsync();
        Assert.Equal(0, service.ExitCode);
    }

    [Fact]
    public async Task Version_says_which_on_what_runtime_and_system()
    {
        Assert.Matches(@"^egress-alerts 0\.\d+\.\d+\S*\n\.NET 10\.\S+\n\S.+ \(linux-\w+\)\n$", await OutputAsync(0, "version"));
    }

    [Fact]
    public async Task What_lies_in_the_working_directory_configures_nothing()
    {
        _folder.Write("appsettings.json", "{\"Urls\": \"http://127.0.0.1:1\", \"Kestrel\": ");
        string[] withoutCommand = Arguments[1..]; // It serves then.
        using var service = new ServerProcess("dotnet", [EgressAlertsProcess.Program, .. withoutCommand], _folder.Path);
        await UntilItListensAsync(service);
        Assert.Contains("listens on http://127.0.0.1:", service.Output, StringComparison.Ordinal);
        await service.StopAsync();
        Assert.Equal(0, service.ExitCode);
    }

    [Fact]
    public async Task A_folder_in_use_is_refused_and_logs_can_be_JSON()
    {
        string[] arguments = [.. Arguments, "--log.format=json"];
        using var first = new ServerProcess("dotnet", [EgressAlertsProcess.Program, .. arguments], _folder.Path);
        await UntilItListensAsync(first);
        Assert.Contains("is another egress-alerts running on it", await OutputAsync(1, arguments), StringComparison.Ordinal);

        using var line = JsonDocument.Parse(first.Output.Split('\n')[0]);
        Assert.Equal("info", line.RootElement.GetProperty("level").GetString());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", line.RootElement.GetProperty("ts").GetString());
        Assert.StartsWith("egress-alerts ", line.RootElement.GetProperty("msg").GetString(), StringComparison.Ordinal);
        await first.StopAsync();
        Assert.Equal(0, first.ExitCode);
    }

    [Fact]
    public async Task A_damaged_database_is_told_set_aside_and_does_not_stop_the_start()
    {
        Directory.CreateDirectory(_folder.File("data"));
        _folder.Write("data/egress-alerts.db", "a text, and no database\n");
        using var service = await RunningAsync();
        await service.StopAsync();
        Assert.Equal(0, service.ExitCode);
        var aside = Assert.Single(Directory.GetFiles(_folder.File("data"), "egress-alerts.db.damaged-*"));
        Assert.Equal("a text, and no database\n", await File.ReadAllTextAsync(aside));
        Assert.Contains($"the database {Database} cannot be used: ", service.Output, StringComparison.Ordinal);
        Assert.Contains($"It was set aside as {aside}", service.Output, StringComparison.Ordinal);
        Assert.Equal("ok", await SqlAsync("PRAGMA quick_check"));
    }

    [Theory]
    [InlineData("000")]
    [InlineData("444")]
    public async Task A_database_that_the_user_may_not_use_ends_the_start_with_1_and_stays_as_it_is(string mode)
    {
        Directory.CreateDirectory(_folder.File("data"));
        await Tool.OutputAsync("chmod", ["755", _folder.Path]);
        await Tool.OutputAsync("chmod", ["777", _folder.File("data")]);
        using (var service = await RunningAsync(User)) await service.StopAsync();
        await Tool.OutputAsync("chmod", [mode, Database]);
        var before = await File.ReadAllBytesAsync(Database);

        string[] start = [.. User, EgressAlertsProcess.Program, .. Arguments];
        var output = await Tool.OutputAsync(start[0], start[1..], exitCode: 1);
        Assert.StartsWith($"the database {Database} cannot be opened (", output, StringComparison.Ordinal);
        Assert.EndsWith("): let this user read and write it, see that the disk has room, or name another --storage.path\n", output, StringComparison.Ordinal);
        await Tool.OutputAsync("chmod", ["644", Database]);
        Assert.Equal(before, await File.ReadAllBytesAsync(Database));
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused_with_1_and_stays_as_it_is()
    {
        Directory.CreateDirectory(_folder.File("data"));
        await SqlAsync("PRAGMA journal_mode = WAL; CREATE TABLE of_the_future (x); PRAGMA user_version = 4711");
        var before = await File.ReadAllBytesAsync(Database);
        await StartIsRefusedAsync(
            $"the database {Database} is of a newer egress-alerts (its version is 4711, ",
            "run the newer program, restore a backup of this version, or name another --storage.path to begin anew");
        Assert.Equal(before, await File.ReadAllBytesAsync(Database));
        Assert.DoesNotContain(Directory.GetFiles(_folder.File("data")), file => file.Contains(".db.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_checkpoint_of_version_0_1_0_is_set_aside_and_told_once()
    {
        Directory.CreateDirectory(_folder.File("data"));
        var checkpoint = _folder.Write("data/checkpoint", "EGRESSCP");
        var previous = _folder.Write("data/checkpoint.previous", "EGRESSCP before");
        using (var first = await RunningAsync())
        {
            await first.StopAsync();
            foreach (var file in (string[])[checkpoint, previous])
            {
                var told = $"the checkpoint {file} of version 0.1.0 is not read. ";
                var line = Assert.Single(first.Output.Split('\n'), line => line.Contains(told, StringComparison.Ordinal));
                Assert.Contains($"It was set aside as {file}.of-0.1.0, which you can delete", line, StringComparison.Ordinal);
            }
        }

        Assert.Equal("EGRESSCP", await File.ReadAllTextAsync(checkpoint + ".of-0.1.0"));
        Assert.Equal("EGRESSCP before", await File.ReadAllTextAsync(previous + ".of-0.1.0"));
        using var second = await RunningAsync();
        await second.StopAsync();
        Assert.DoesNotContain("0.1.0 is not read", second.Output, StringComparison.Ordinal);
        var files = Directory.GetFiles(_folder.File("data"), "checkpoint*").Select(Path.GetFileName);
        Assert.Equal(["checkpoint.of-0.1.0", "checkpoint.previous.of-0.1.0"], files.Order());
    }

    [Fact]
    public async Task The_help_of_a_backtest_names_its_options_and_what_its_exit_codes_mean()
    {
        var output = await OutputAsync(0, "backtest", "--help");
        foreach (var option in (string[])["--config.file", "--since", "--against", "--save-state", "--storage.path", "--output", "--fail-on", "--input"])
        {
            Assert.Contains($" {option} ", output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        }

        Assert.Contains("Exits with 0; with 1 if it", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--since=soon", "--since: 'soon' is not a duration above 0 s and up to 400d, such as 21d, 12h or 1w")]
    [InlineData("--since=0s", "--since: '0s' is not a duration above 0 s and up to 400d, such as 21d, 12h or 1w")]
    [InlineData("--since=2y", "--since: '2y' is not a duration above 0 s and up to 400d, such as 21d, 12h or 1w")]
    [InlineData("-o=xml", "'text'")]
    [InlineData("--fail-on=info", "'critical'")]
    [InlineData("--until=now", "--until=now")]
    public async Task Wrong_usage_of_a_backtest_is_told_with_2_and_what_is_right(string argument, string said)
    {
        Assert.Contains(said, await OutputAsync(2, "backtest", argument), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--since=1h", "cannot be read from http://127.0.0.1:9/: connection: ")]
    [InlineData("--input=/nowhere/mesh.om", "--input /nowhere/mesh.om cannot be read")]
    [InlineData("--against=/nowhere/running.yml", "/nowhere/running.yml")]
    public async Task A_backtest_that_cannot_read_what_it_needs_fails_with_1_and_one_line(string argument, string said)
    {
        var config = _folder.Write("a.yml", "prometheus: {url: 'http://127.0.0.1:9'}");
        var output = await OutputAsync(1, "backtest", $"--config.file={config}", $"--storage.path={_folder.Path}", argument);
        Assert.Contains(said, output, StringComparison.Ordinal);
        Assert.Single(output.TrimEnd('\n').Split('\n'));
        Assert.Equal(["a.yml"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_backtest_of_a_file_without_Istios_counters_says_what_to_look_at()
    {
        var file = _folder.Write("other.om", "other 1 1767268800\n# EOF\n");
        var output = await OutputAsync(1, "backtest", $"--input={file}", $"--storage.path={_folder.Path}");
        Assert.Contains("holds no sample of Istio's counters", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_without_a_database_fails_with_1_and_leaves_nothing()
    {
        var copy = _folder.File("copy.db");
        var output = await OutputAsync(1, "backup", $"--storage.path={_folder.File("data")}", copy);
        Assert.Equal($"there is no database {Database} to back up: --storage.path must name the folder that the service uses\n", output);
        Assert.Equal([], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_backup_while_the_service_runs_is_a_whole_database_and_never_takes_the_place_of_the_one_in_use()
    {
        using var service = await RunningAsync();
        var copy = _folder.Write("copy.db", "an older copy");
        Assert.Equal($"{copy}: written\n", await OutputAsync(0, "backup", $"--storage.path={_folder.File("data")}", copy));
        Assert.Equal("ok", await SqlAsync("PRAGMA quick_check", copy));
        const string Schema = "PRAGMA user_version; SELECT name FROM sqlite_schema ORDER BY name";
        Assert.Equal(await SqlAsync(Schema), await SqlAsync(Schema, copy));

        var refused = await OutputAsync(1, "backup", $"--storage.path={_folder.File("data")}", _folder.File("data/../data/egress-alerts.db"));
        Assert.Contains("would replace the database itself: name another file\n", refused, StringComparison.Ordinal);
        await service.StopAsync();
        Assert.Equal(0, service.ExitCode);
    }

    [Fact]
    public async Task A_backup_that_cannot_be_written_says_why_and_leaves_no_half()
    {
        using (var service = await RunningAsync()) await service.StopAsync();
        var copy = _folder.File("copy.db");

        // No file may grow beyond 4 KiB, as on a full disk. What maps memory twice would take it for a file.
        string[] limited = ["--fsize=4096:", "env", "DOTNET_EnableWriteXorExecute=0", "dotnet", EgressAlertsProcess.Program];
        var output = await Tool.OutputAsync("prlimit", [.. limited, "backup", $"--storage.path={_folder.File("data")}", copy], exitCode: 1);
        Assert.StartsWith($"the backup {copy} of {Database} cannot be written: ", output, StringComparison.Ordinal);
        Assert.Equal([], Directory.GetFiles(_folder.Path, "copy.db*"));
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

    [Fact]
    public async Task The_doctor_fails_where_nothing_answers_and_is_selected_by_codes()
    {
        var config = $"--config.file={_folder.Write("sick.yml", "prometheus: {url: 'http://127.0.0.1:9'}\ndns: {servers: ['127.0.0.1:9']}\n")}";
        var output = await OutputAsync(1, "doctor", config, "--skip=clocks");
        Assert.Contains("prometheus\nFAIL query_api: http://127.0.0.1:9/: Connection refused", output, StringComparison.Ordinal);
        Assert.Contains("to mend it: prometheus: {url: 'http://HOST:PORT'}", output, StringComparison.Ordinal);
        Assert.DoesNotContain("clocks:", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);

        Assert.Contains("OK   threat_lists: ", await OutputAsync(0, "doctor", config, "--only=threat_lists", "--only=mmdb_files"), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(await OutputAsync(1, "doctor", config, "--only=query_api", "-o", "json"));
        var row = Assert.Single(json.RootElement.EnumerateArray());
        string[] keys = ["section", "code", "result", "message", "promql", "remedy"];
        Assert.Equal(keys, row.EnumerateObject().Select(property => property.Name));
        Assert.Equal("fail", row.GetProperty("result").GetString());
        Assert.Equal("vector(1)", row.GetProperty("promql").GetString());
    }

    [Theory]
    [InlineData("There are: query_api, server_kind", "--only=everything")]
    [InlineData("--skip leaves no check", "--only=clocks", "--skip=clocks")]
    [InlineData("bad.yml:1: prometheus.intervall is not a known key", "--config.file=bad.yml")]
    public async Task A_doctor_who_cannot_begin_ends_with_2(string said, params string[] arguments)
    {
        var bad = _folder.Write("bad.yml", "prometheus: {intervall: 30s}");
        var output = await OutputAsync(2, ["doctor", .. arguments.Select(argument => argument.Replace("bad.yml", bad, StringComparison.Ordinal))]);
        Assert.Contains(said, output, StringComparison.Ordinal);
    }

    /// <summary>How the program begins as a user who may not read everything: root may.</summary>
    private static string[] User => Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "dotnet"] : ["dotnet"];

    private string Database => _folder.File("data/egress-alerts.db");

    /// <summary>Starts the service with arguments that override the good ones.</summary>
    private async Task StartIsRefusedAsync(string beginning, string reason, params string[] arguments)
    {
        var good = Arguments.Where(argument => !arguments.Any(other => other.Split('=')[0] == argument.Split('=')[0]));
        var output = await OutputAsync(1, [.. good, .. arguments]);
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

    /// <summary>The service, once it listens.</summary>
    private async Task<ServerProcess> RunningAsync(string[]? user = null)
    {
        string[] command = [.. user ?? ["dotnet"], EgressAlertsProcess.Program, .. Arguments];
        var service = new ServerProcess(command[0], command[1..], _folder.Path);
        await UntilItListensAsync(service);
        return service;
    }

    private static Task UntilItListensAsync(ServerProcess service) => service.UntilWrittenAsync("listens on ");

    private async Task<string> SqlAsync(string sql, string? database = null) =>
        (await Tool.OutputAsync("sqlite3", [database ?? Database, sql])).Trim();

    private ServerProcess Start(string argument) => new(
        "dotnet", [EgressAlertsProcess.Program, .. Arguments.Where(other => other.Split('=')[0] != argument.Split('=')[0]), argument], _folder.Path);

    private static Task<string> OutputAsync(int exitCode, params string[] arguments) =>
        Tool.OutputAsync("dotnet", [EgressAlertsProcess.Program, .. arguments], exitCode);
}
