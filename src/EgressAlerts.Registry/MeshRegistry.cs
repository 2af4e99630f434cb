namespace EgressAlerts.Registry;

/// <summary>What a mesh registers, and who may use it: entries, Sidecars and policies, each sorted by name. Immutable; any thread.</summary>
public sealed class MeshRegistry
{
    private MeshRegistry(IEnumerable<ServiceEntry> entries, IEnumerable<Sidecar> sidecars, IEnumerable<AuthorizationPolicy> policies, int ignored) =>
        (Entries, Sidecars, Policies, Ignored) =
            ([.. entries.OrderBy(one => one.Name)], [.. sidecars.OrderBy(one => one.Name)], [.. policies.OrderBy(one => one.Name)], ignored);

    public static MeshRegistry Empty { get; } = new([], [], [], 0);

    public IReadOnlyList<ServiceEntry> Entries { get; }

    public IReadOnlyList<Sidecar> Sidecars { get; }

    public IReadOnlyList<AuthorizationPolicy> Policies { get; }

    /// <summary>How many resources of other kinds the files held.</summary>
    public int Ignored { get; }

    /// <summary>Of two resources of one kind and name the later one counts.</summary>
    public static MeshRegistry Of(
        IEnumerable<ServiceEntry> entries, IEnumerable<Sidecar>? sidecars = null, IEnumerable<AuthorizationPolicy>? policies = null, int ignored = 0) =>
        Empty.With(new(entries, sidecars ?? [], policies ?? [], ignored));

    /// <summary>Reads files that hold what <c>kubectl get serviceentry,sidecar,authorizationpolicy -A -o yaml</c> (or <c>json</c>) prints.</summary>
    /// <param name="defaultNamespace">The namespace of resources that name none.</param>
    /// <exception cref="InvalidDataException">A file cannot be used. The message names the file, the line, the document and the reason.</exception>
    public static MeshRegistry Read(IReadOnlyList<string> files, string defaultNamespace = "default") =>
        files.Aggregate(Empty, (all, file) => all.With(Read(file, defaultNamespace)));

    /// <inheritdoc cref="Read(IReadOnlyList{string}, string)"/>
    public static MeshRegistry Read(string file, string defaultNamespace = "default")
    {
        try
        {
            using var stream = File.OpenRead(file);
            if (stream.Length > ResourceFile.MaxBytes) throw new InvalidDataException($"{file} is larger than {ResourceFile.MaxBytes >> 20} MiB");
            using var text = new StreamReader(stream);
            return Parse(file, text, defaultNamespace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{file}:0: this file cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads text that is no file, such as an answer of the Kubernetes API. The caller bounds its size.</summary>
    /// <param name="name">Names the text in errors.</param>
    /// <exception cref="InvalidDataException">The text cannot be used.</exception>
    public static MeshRegistry Parse(string name, TextReader text, string defaultNamespace = "default") => new ResourceFile(name, defaultNamespace).Read(text);

    /// <summary>This registry and another one. A resource of the other one replaces that of the same kind and name.</summary>
    public MeshRegistry With(MeshRegistry other) => new(
        Merged(Entries, other.Entries, one => one.Name),
        Merged(Sidecars, other.Sidecars, one => one.Name),
        Merged(Policies, other.Policies, one => one.Name),
        Ignored + other.Ignored);

    private static Dictionary<ResourceName, T>.ValueCollection Merged<T>(IEnumerable<T> first, IEnumerable<T> second, Func<T, ResourceName> name)
    {
        var all = new Dictionary<ResourceName, T>();
        foreach (var one in first.Concat(second)) all[name(one)] = one;
        return all.Values;
    }
}
