using System.Formats.Tar;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.EndToEndTests;

/// <summary>The images and the compose file, as far as they can be judged without a container engine.</summary>
[Collection(nameof(Builds))]
public sealed partial class ContainerTests(ContainerTests.Context context) : IClassFixture<ContainerTests.Context>
{
    private static readonly string Dockerfile = File.ReadAllText(Repository.File("deploy", "Dockerfile"));

    private readonly TemporaryFolder _folder = context.Folder;

    [Fact]
    public async Task What_dockerignore_lets_in_is_enough_for_the_Dockerfile_to_publish_from()
    {
        foreach (Match step in PublishPattern().Matches(Dockerfile))
        {
            var published = _folder.File(Path.GetFileName(step.Groups["out"].Value));
            await DotnetAsync("publish", step.Groups["project"].Value, "-c", "Release", "-o", published);
        }

        var version = await Tool.OutputAsync("dotnet", [Path.Combine(_folder.File("service"), "egress-alerts.dll"), "version"]);
        Assert.StartsWith("egress-alerts 0.", version, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder.File("simulator"), "mesh-simulator.dll")));

        // The documents that pages show are in the program. A pattern that finds no files would leave them out without a word.
        Assert.Equal(Resources(EgressAlertsProcess.Program), Resources(Path.Combine(_folder.File("service"), "egress-alerts.dll")));
        Assert.Equal(2, PublishPattern().Count(Dockerfile));
        var stages = CopyPattern().Matches(Dockerfile).Select(match => match.Groups[1].Value);
        Assert.All(stages, stage => Assert.Contains($" AS {stage}\n", Dockerfile, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_SDK_makes_the_same_image_as_the_Dockerfile()
    {
        string[] question = ["msbuild", Repository.File("src", "EgressAlerts"), "-t:ComputeContainerBaseImage", "-getProperty:ContainerBaseImage"];
        var baseImage = (await Tool.OutputAsync("dotnet", question)).Trim();
        Assert.Contains($"FROM {baseImage} AS service\n", Dockerfile, StringComparison.Ordinal);

        // A registry with an empty image under that name; the rest is the SDK's own work.
        var served = EmptyImage();
        await using var registry = await LoopbackServer.StartAsync();
        registry.Answer = context => served.TryGetValue(context.Request.Path.Value!.Split('/')[^1], out var found)
            ? WriteAsync(context, found.Type, found.Content)
            : WriteAsync(context, "application/json", "{}"u8.ToArray());
        var archive = _folder.File("image.tar.gz");
        Environment.SetEnvironmentVariable("DOTNET_CONTAINER_INSECURE_REGISTRIES", registry.Address.Authority);
        var emptyImage = baseImage.Replace("mcr.microsoft.com", registry.Address.Authority, StringComparison.Ordinal);
        var digest = await DotnetAsync(
            "publish",
            "src/EgressAlerts",
            "-c",
            "Release",
            "/t:PublishContainer",
            $"-p:ContainerBaseImage={emptyImage}",
            $"-p:ContainerArchiveOutputPath={archive}",
            "-getProperty:GeneratedContainerDigest");
        Assert.Matches("^sha256:[0-9a-f]{64}\n$", digest);

        var files = Entries(await File.ReadAllBytesAsync(archive));
        var manifest = JsonNode.Parse(files["manifest.json"])![0]!;
        Assert.Matches(@"^egress-alerts:\d+\.\d+\.\d+$", (string?)manifest["RepoTags"]![0]);
        var config = JsonNode.Parse(files[(string)manifest["Config"]!])!["config"]!;
        Assert.Equal("1654", (string?)config["User"]);
        Assert.Contains("\nUSER 1654\n", Dockerfile, StringComparison.Ordinal);
        Assert.Contains($"ENTRYPOINT {Spaced(config["Entrypoint"]!)}\nCMD {Spaced(config["Cmd"]!)}\n", Dockerfile, StringComparison.Ordinal);
        Assert.NotNull(config["ExposedPorts"]!["10098/tcp"]);
        Assert.Contains("EXPOSE 10098\n", Dockerfile, StringComparison.Ordinal);
        var environment = config["Env"]!.AsArray().Select(value => (string)value!).Where(value => value.StartsWith("DOTNET_", StringComparison.Ordinal));
        Assert.Contains($"ENV {string.Join(' ', environment)}\n", Dockerfile, StringComparison.Ordinal);
        Assert.Contains("app/egress-alerts.dll", Entries(files[(string)manifest["Layers"]![1]!]).Keys.Select(path => path.TrimStart('.', '/')));
    }

    [Fact]
    public async Task Compose_is_valid_and_finds_its_files()
    {
        var file = Repository.File("deploy", "compose.yaml");
        await Tool.OutputAsync("docker-compose", ["-f", file, "config", "-q"]);

        var services = Yaml.Read(await File.ReadAllTextAsync(file)).Single()["services"]!.AsObject();
        foreach (var (name, service) in services)
        {
            var volumes = service!["volumes"]?.AsArray().Select(volume => (string)volume!) ?? [];
            foreach (var volume in volumes.Where(volume => volume.StartsWith('.')))
            {
                var path = Path.GetFullPath(Path.Combine(Repository.File("deploy"), volume.Split(':')[0]));
                Assert.True(Path.Exists(path), $"{name}: {volume}");
            }

            if (service["build"] is { } build) Assert.Contains($" AS {build["target"]}\n", Dockerfile, StringComparison.Ordinal);
            else Assert.Matches(@"^[\w/]+:v?\d+\.\d+\.\d+$", (string?)service["image"]);
        }
    }

    [Theory]
    [InlineData("promtool", "check", "config", "--syntax-only", "prometheus.yml")]
    [InlineData("amtool", "check-config", "alertmanager.yml")]
    [InlineData("dotnet", "egress-alerts", "check-config", "egress-alerts.yml")]
    public async Task Each_configuration_of_the_demo_is_good(string tool, params string[] arguments)
    {
        var file = Repository.File("deploy", "demo", arguments[^1]);
        var command = arguments[..^1].Select(argument => argument == "egress-alerts" ? EgressAlertsProcess.Program : argument);
        await Tool.OutputAsync(tool, [.. command, file]);
    }

    /// <summary>Runs a command of the SDK on a project of the build context.</summary>
    private Task<string> DotnetAsync(string command, string project, params string[] arguments) => Tool.OutputAsync(
        "dotnet", [command, Path.Combine(_folder.File("context"), project), .. arguments], limit: TimeSpan.FromMinutes(10));

    private static IReadOnlyList<string> Resources(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        return [.. metadata.ManifestResources.Select(handle => metadata.GetString(metadata.GetManifestResource(handle).Name)).Order(StringComparer.Ordinal)];
    }

    private static Dictionary<string, (string Type, byte[] Content)> EmptyImage()
    {
        using var tar = new MemoryStream();
        using (new TarWriter(tar, leaveOpen: true)) { }
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(tar.ToArray());
        var layer = zipped.ToArray();
        var config = JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = "amd64",
            os = "linux",
            config = new { Env = (string[])["PATH=/usr/bin"] },
            rootfs = new { type = "layers", diff_ids = (string[])[Digest(tar.ToArray())] },
            history = (object[])[new { created_by = "test" }],
        });
        const string type = "application/vnd.docker.distribution.manifest.v2+json";
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = type,
            config = new { mediaType = "application/vnd.docker.container.image.v1+json", size = config.Length, digest = Digest(config) },
            layers = (object[])[new { mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip", size = layer.Length, digest = Digest(layer) }],
        });
        return new()
        {
            ["10.0-noble-chiseled"] = (type, manifest),
            [Digest(config)] = ("application/json", config),
            [Digest(layer)] = ("application/octet-stream", layer),
        };
    }

    private static async Task WriteAsync(HttpContext context, string type, byte[] content)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        context.Response.Headers["Docker-Content-Digest"] = Digest(content);
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(content);
    }

    private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>The files of a tar, which may be compressed.</summary>
    private static Dictionary<string, byte[]> Entries(byte[] archive)
    {
        var found = new Dictionary<string, byte[]>();
        using Stream tar = archive is [0x1f, 0x8b, ..] ? new GZipStream(new MemoryStream(archive), CompressionMode.Decompress) : new MemoryStream(archive);
        using var reader = new TarReader(tar);
        while (reader.GetNextEntry(copyData: true) is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            found[entry.Name] = content.ToArray();
        }
        return found;
    }

    private static string Spaced(JsonNode list)
    {
        var items = list.AsArray().Select(item => item!.ToJsonString().Replace("\\u002B", "+", StringComparison.Ordinal));
        return $"[{string.Join(", ", items)}]";
    }

    /// <summary>What docker build would send: the paths that .dockerignore takes back from being ignored.</summary>
    public sealed class Context : IDisposable
    {
        public Context()
        {
            var lines = File.ReadAllLines(Repository.File(".dockerignore"));
            Assert.Equal("*", lines[0]);
            foreach (var path in lines.Where(line => line.StartsWith('!')).Select(line => line[1..]))
            {
                Copy(Repository.File(path), Path.Combine(Folder.File("context"), path));
            }
        }

        public TemporaryFolder Folder { get; } = new();

        public void Dispose() => Folder.Dispose();

        private static void Copy(string from, string to)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            if (File.Exists(from))
            {
                File.Copy(from, to);
                return;
            }

            var entries = Directory.GetFileSystemEntries(from).Where(entry => Path.GetFileName(entry) is not ("bin" or "obj"));
            foreach (var entry in entries) Copy(entry, Path.Combine(to, Path.GetFileName(entry)));
        }
    }

    [GeneratedRegex(@"^RUN dotnet publish (?<project>\S+) -c Release -o (?<out>\S+)$", RegexOptions.Multiline)]
    private static partial Regex PublishPattern();

    [GeneratedRegex(@"^COPY --from=(\w+) ", RegexOptions.Multiline)]
    private static partial Regex CopyPattern();
}
