using System.Diagnostics;

namespace EgressAlerts.Testing;

/// <summary>
/// Runs a command-line tool to its end. Where the caller gives no other limit, a tool may take five minutes: servers and builds run beside it,
/// and a tool that needs 15 s alone has needed two minutes beside them.
/// </summary>
public static class Tool
{
    /// <summary>Runs a tool that must end with one exit code.</summary>
    /// <param name="exitCode">The exit code that the test expects.</param>
    /// <param name="input">A text for its standard input.</param>
    /// <returns>The text that it wrote, first to its standard output, then to its standard error.</returns>
    /// <exception cref="ToolException">It ended with another code. The message has the command, the code and the output.</exception>
    public static async Task<string> OutputAsync(string file, IEnumerable<string> arguments, int exitCode = 0, string? input = null, TimeSpan? limit = null)
    {
        IReadOnlyList<string> command = [file, .. arguments];
        var (ended, output) = await RunAsync(file, command.Skip(1), input, limit);
        return ended == exitCode
            ? output
            : throw new ToolException($"{string.Join(' ', command)}\nended with {ended} and should have ended with {exitCode}. Its output:\n{output}");
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(
        string file, IEnumerable<string> arguments, string? input, TimeSpan? limit)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(limit ?? TimeSpan.FromMinutes(5));
        return (process.ExitCode, await output + await errors);
    }
}

/// <summary>A tool did not end as a test expects.</summary>
public sealed class ToolException(string message) : Exception(message);
