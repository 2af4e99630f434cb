using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>The file of the Public Suffix List. It is read when it is first needed, and again when it changes. Called by the pass alone, once it is
/// open.</summary>
public sealed class SuffixSource(string path)
{
    private const int MaxBytes = 16 << 20;

    private readonly Lazy<WatchedFile<PublicSuffixes>> _file = new(() => new(path, PublicSuffixes.Read, MaxBytes));

    public string Path => path;

    internal PublicSuffixes Suffixes => _file.Value.Content;

    /// <exception cref="InvalidDataException">The file is there and is no such list. The message says why.</exception>
    public void Open() => _ = _file.Value;

    internal void Refresh(ILogger logger) => _file.Value.Refresh(logger);
}
