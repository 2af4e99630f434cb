using System.Globalization;
using Spectre.Console;

namespace EgressAlerts.Past;

/// <summary>Shows how far long work has come: a bar on a terminal, and a line for each tenth elsewhere.</summary>
internal static class LongWork
{
    private const int Lines = 10;

    /// <param name="what">What is done, such as <c>reading the counters</c>.</param>
    /// <param name="work">Tells which part it has done, from 0 to 1.</param>
    public static async Task<T> ShowAsync<T>(string what, TextWriter output, Func<Action<double>, Task<T>> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        return output == Console.Error && console.Profile.Out.IsTerminal ? await BarAsync(what, console, work) : await LinesAsync(what, output, work);
    }

    private static Task<T> BarAsync<T>(string what, IAnsiConsole console, Func<Action<double>, Task<T>> work) =>
        console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var bar = context.AddTask(Markup.Escape(what), maxValue: 1);
                return work(part => bar.Value = part);
            });

    private static Task<T> LinesAsync<T>(string what, TextWriter output, Func<Action<double>, Task<T>> work)
    {
        var told = 0;
        return work(part =>
        {
            if ((int)(part * Lines) is var tenth && tenth <= told) return;
            told = tenth;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {tenth * 100 / Lines} %"));
        });
    }
}
