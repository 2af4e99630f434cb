using EgressAlerts.Common;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Detection;

/// <summary>Reads a file of policies: a YAML list like <c>policies</c>, or a file with that key and nothing else. An empty file has none.</summary>
public static class PolicyFile
{
    internal const long MaxBytes = 4L << 20;

    /// <summary>A pattern stands for so many files at most. Further ones are an error.</summary>
    private const int MaxFiles = 1_000;
    private const int MaxErrors = 5;
    private const string Key = "policies";

    /// <summary>The policies of a file, each with the path of the file.</summary>
    /// <exception cref="InvalidDataException">The file cannot be used. The message has its first errors, each with file and line.</exception>
    public static IReadOnlyList<Policy> Read(string file)
    {
        IReadOnlyList<ConfigError> errors;
        try
        {
            if (Root(file) is not { } root) return [];
            var binder = new OptionsBinder(file);
            var policies = binder.Read(root, new Entries(), "").Policies;
            errors = [.. binder.Errors.Concat(Faults(file, root, policies)).OrderBy(error => error.Line)];
            if (errors.Count == 0) return [.. policies.Select(policy => policy with { File = file })];
        }
        catch (ConfigException e)
        {
            errors = e.Errors;
        }

        var more = errors.Count > MaxErrors ? $"; and {errors.Count - MaxErrors} more" : "";
        throw new InvalidDataException(string.Join("; ", errors.Take(MaxErrors)) + more);
    }

    /// <summary>The files that a path of <c>policy_files</c> stands for, in the order of their names. The last part of a path may have <c>*</c> and
    /// <c>?</c>. A path without them stands for itself, whether the file is there or not.</summary>
    /// <exception cref="InvalidDataException">The folder cannot be read, or has too many such files.</exception>
    public static IReadOnlyList<string> Expand(string path)
    {
        if (!IsPattern(path)) return [path];
        var folder = Path.GetDirectoryName(path) is { Length: > 0 } given ? given : ".";
        try
        {
            if (!Directory.Exists(folder)) return [];
            var names = Directory.EnumerateFiles(folder, Path.GetFileName(path)).Take(MaxFiles + 1).Select(file => Path.GetFileName(file)).ToList();
            if (names.Count > MaxFiles) throw new InvalidDataException($"{path} stands for more than {MaxFiles} files");
            return [.. names.Order(StringComparer.Ordinal).Select(name => Path.Combine(Path.GetDirectoryName(path) ?? "", name))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidDataException($"{path} cannot be looked for: {e.Message}", e);
        }
    }

    internal static bool IsPattern(string path) => path.Contains('*', StringComparison.Ordinal) || path.Contains('?', StringComparison.Ordinal);

    /// <summary>All policies of the configuration and its files, in their order; the first name that is there twice is a fault.</summary>
    /// <param name="own">The policies of the configuration itself.</param>
    internal static string? TwiceNamed(IEnumerable<Policy> policies)
    {
        var first = new Dictionary<string, Policy>();
        foreach (var policy in policies)
        {
            if (first.TryAdd(policy.Name, policy)) continue;
            return $"{Place(policy)} has a policy of the name '{policy.Name}', which {Place(first[policy.Name])} has too: give it another name";
        }

        return null;
    }

    /// <summary>What is wrong with the files, as the end of a sentence that begins with the key.</summary>
    /// <param name="own">The policies of the configuration itself.</param>
    public static IEnumerable<string> Faults(IReadOnlyList<string> paths, IReadOnlyList<Policy> own)
    {
        var (all, faults) = (own.ToList(), new List<string>());
        foreach (var path in paths)
        {
            if (UsableFile.Fault(() => all.AddRange(Expand(path).SelectMany(ReadBounded))) is { } fault) faults.Add(fault);
        }

        if (faults.Count == 0 && TwiceNamed(all) is { } twice) faults.Add($"cannot be used: {twice}");
        return faults;
    }

    private static IReadOnlyList<Policy> ReadBounded(string file) => new WatchedFile<IReadOnlyList<Policy>>(file, Read, MaxBytes).Content;

    private static string Place(Policy policy) => policy.File.Length > 0 ? policy.File : "the configuration";

    private static YamlMappingNode? Root(string file) => YamlFile.Read(file) switch
    {
        null => null,
        YamlSequenceNode list => new YamlMappingNode(new YamlScalarNode(Key), list),
        YamlMappingNode mapping => mapping,
        var other => throw new ConfigException([new(file, other.Start.Line, "a policy file holds a list of '- {name: ..., action: ...}'")]),
    };

    /// <summary>A file is read again while the service runs. So its entries need names that stay, and nothing that only a reload can bring.</summary>
    private static IEnumerable<ConfigError> Faults(string file, YamlMappingNode root, IReadOnlyList<Policy> policies)
    {
        var nodes = root.Children.TryGetValue(new YamlScalarNode(Key), out var list) && list is YamlSequenceNode sequence ? sequence.Children : [];
        foreach (var (i, policy) in policies.Index())
        {
            ConfigError Error(string key, string complaint) =>
                new(file, i < nodes.Count ? nodes[i].Start.Line : 0, FormattableString.Invariant($"{Key}[{i}].{key} {complaint}"));

            const string elsewhere = "cannot be asked for in a policy file, because Prometheus' answers are read for them only after a reload: "
                + "move the entry to 'policies' in the configuration";
            if (policy.Name.Length == 0) yield return Error("name", "is missing: an entry of a policy file needs a name that stays");
            if (policy.Source.Labels.Count > 0) yield return Error("source.labels", elsewhere);
            if (policy.Destination.PathPrefixes.Count > 0) yield return Error("destination.path_prefixes", elsewhere);
        }
    }

    private sealed record Entries
    {
        public IReadOnlyList<Policy> Policies { get; init; } = [];
    }
}
