using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Detection;

/// <summary>The policies of the configuration, followed by those of its files. Files are read again when they change. The pass alone may refresh it.</summary>
/// <remarks>A file that is broken, or gone although its path is written out, leaves its last good entries in use. A file that a pattern no longer finds
/// is gone with its entries. While two entries have one name, all entries stay as they were.</remarks>
internal sealed class WatchedPolicies
{
    private readonly DetectionOptions _options;
    private readonly Dictionary<string, WatchedFile<IReadOnlyList<Policy>>> _files = [];
    private IReadOnlyList<IReadOnlyList<Policy>> _contents = [];
    private volatile IReadOnlyList<Policy> _current;
    private volatile IReadOnlyList<FileStatus> _status = [];
    private string _complaint = "";

    public WatchedPolicies(DetectionOptions options, ILogger logger)
    {
        (_options, _current) = (options, options.Policies);
        TryRefresh(logger);
    }

    /// <summary>All policies in their order. Any thread.</summary>
    public IReadOnlyList<Policy> Current => _current;

    /// <summary>How the files stand. Any thread.</summary>
    public IReadOnlyList<FileStatus> Status => _status;

    /// <summary>Looks for changes of the files. Throws nothing that a file can cause.</summary>
    /// <returns>Whether the policies are others now.</returns>
    public bool TryRefresh(ILogger logger)
    {
        if (_options.PolicyFiles.Count == 0) return false;
        var (files, complaint) = (new List<WatchedFile<IReadOnlyList<Policy>>>(), "");
        try
        {
            foreach (var path in _options.PolicyFiles.SelectMany(PolicyFile.Expand).Distinct().ToList()) files.Add(FileOf(path, logger));
            foreach (var gone in _files.Keys.Except(files.Select(file => file.Path)).ToList()) _files.Remove(gone);
        }
        catch (InvalidDataException e)
        {
            (files, complaint) = ([.. _files.Values], e.Message);
        }

        IReadOnlyList<IReadOnlyList<Policy>> contents = [.. files.Select(file => file.Content)];
        var hasChanged = !contents.SequenceEqual(_contents, ReferenceEqualityComparer.Instance);
        IReadOnlyList<Policy> all = [.. _options.Policies, .. contents.SelectMany(entries => entries).Select(policy => policy.Completed(_options.Forbidden))];
        var twice = complaint.Length > 0 ? null : PolicyFile.TwiceNamed(all);
        complaint = twice ?? complaint;
        if (complaint.Length > 0 && complaint != _complaint) Log.PoliciesRefused(logger, complaint);
        _complaint = complaint;
        _status = [.. files.Select(file => complaint.Length > 0 && file.Status.Refusal.Length == 0 ? file.Status with { Refusal = complaint } : file.Status)];
        if (!hasChanged || twice is not null) return false;
        (_contents, _current) = (contents, all);
        Log.PoliciesRead(logger, all.Count);
        return true;
    }

    private WatchedFile<IReadOnlyList<Policy>> FileOf(string path, ILogger logger)
    {
        if (_files.TryGetValue(path, out var file)) file.Refresh(logger);
        else _files.Add(path, file = new(path, PolicyFile.Read, PolicyFile.MaxBytes, [], logger));
        return file;
    }
}
