using EgressAlerts.Common;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EgressAlerts.Registry;

/// <summary>Reads what <c>kubectl get -o yaml</c> or <c>-o json</c> prints: lists, single resources and files of several documents.</summary>
internal sealed class ResourceFile(string name, string defaultNamespace)
{
    public const long MaxBytes = 64 << 20;
    private const int MaxResources = 100_000;
    private const int MaxErrors = 5;

    private readonly Dictionary<ResourceName, ServiceEntry> _entries = [];
    private readonly Dictionary<ResourceName, Sidecar> _sidecars = [];
    private readonly Dictionary<ResourceName, AuthorizationPolicy> _policies = [];
    private readonly List<ConfigError> _errors = [];
    private int _document;
    private int _ignored;

    /// <exception cref="InvalidDataException">The text cannot be used. The message has its first errors, each with file and line.</exception>
    public MeshRegistry Read(TextReader text)
    {
        try
        {
            var parser = new Parser(text);
            parser.Consume<StreamStart>();
            while (!parser.TryConsume<StreamEnd>(out _)) ReadDocument(parser);
        }
        catch (YamlException e)
        {
            _errors.Add(new(name, e.Start.Line, $"this is not usable YAML or JSON: {QuotedText.Of(e.InnerException?.Message ?? e.Message, 300)}"));
        }
        // The parser trips over some broken text with exceptions of the platform.
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            _errors.Add(new(name, 0, $"this is not usable YAML or JSON: {QuotedText.Of(e.Message, 300)}"));
        }

        if (_errors.Count == 0) return MeshRegistry.Of(_entries.Values, _sidecars.Values, _policies.Values, _ignored);
        var more = _errors.Count > MaxErrors ? $"; and {_errors.Count - MaxErrors} more" : "";
        throw new InvalidDataException(string.Join("; ", _errors.Take(MaxErrors)) + more);
    }

    private void ReadDocument(Parser parser)
    {
        var line = parser.Consume<DocumentStart>().Start.Line;
        _document++;
        var nodes = new NodeParser(parser);
        if (!parser.TryConsume<MappingStart>(out _))
        {
            var other = nodes.Parse("");
            if (other is not { Text: null, Items: null })
                Add(other.Line, "", "this is no resource of Kubernetes; write what 'kubectl get serviceentry,sidecar -A -o yaml' prints");
            parser.Consume<DocumentEnd>();
            return;
        }

        // The items of a list are taken one by one, so that a large file is never in memory as values.
        var (keys, isList) = (new Dictionary<string, Node>(), false);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = nodes.Key();
            if (key.Value == "items" && parser.TryConsume<SequenceStart>(out _))
            {
                isList = true;
                while (!parser.TryConsume<SequenceEnd>(out _)) Take(nodes.Parse(""));
            }
            else if (!keys.TryAdd(key.Value, nodes.Parse(key.Value)))
            {
                throw new YamlException(key.Start, key.End, NodeParser.Twice);
            }
        }

        parser.Consume<DocumentEnd>();
        if (!isList) Take(new((int)line, "") { Keys = keys });
    }

    private void Take(Node resource)
    {
        var what = "";
        try
        {
            var (version, kind) = (resource.TextOf("apiVersion"), resource.TextOf("kind"));
            if (kind.Length == 0) throw resource.Fault("has no 'kind', so it is no resource of Kubernetes");
            var (group, slash) = (version.Split('/')[0], version.IndexOf('/', StringComparison.Ordinal));
            if ((group, kind) is not (("networking.istio.io", "ServiceEntry" or "Sidecar") or ("security.istio.io", "AuthorizationPolicy")))
            {
                _ignored++;
                return;
            }

            what = kind;
            if (version[(slash + 1)..] is not ("v1" or "v1beta1") && version != "networking.istio.io/v1alpha3")
                throw resource.Fault($"has the apiVersion '{QuotedText.Of(version, 60)}', which is not known; use {group}/v1");
            var id = Metadata.Name(resource, defaultNamespace);
            what = $"{kind} {id}";
            if (_entries.Count + _sidecars.Count + _policies.Count >= MaxResources) throw resource.Fault($"is one of more than {MaxResources} resources");
            if (kind == "ServiceEntry") _entries[id] = EntryReader.Read(resource, id);
            else if (kind == "Sidecar") _sidecars[id] = SidecarReader.Read(resource, id);
            else _policies[id] = PolicyReader.Read(resource, id);
        }
        catch (ResourceFault e)
        {
            Add(e.Line, what, e.Message);
        }
    }

    private void Add(int line, string what, string reason) =>
        _errors.Add(new(name, line, what.Length == 0 ? $"document {_document}: {reason}" : $"document {_document}, {what}: {reason}"));
}
