using System.Globalization;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam;

/// <summary>What the command line asks for: a play for each combination.</summary>
/// <param name="Out">The file that results are written to; empty for none. Results of other plays stay in it.</param>
/// <param name="Log">The folder for what began to fire in each play; empty for none.</param>
/// <param name="Tables">A file of results whose tables are shown; then nothing is played. Empty for none.</param>
/// <param name="Before">A file of results of version 0.1.0, which the tables show beside the others. Empty for none.</param>
internal sealed record ExamOptions(IReadOnlyList<MeshOptions> Plays, string Out, string Log, string Tables, string Before)
{
    public const string Usage =
        "usage: EgressAlerts.Exam [--seeds=1,2,3,4,5] [--learn=8,29] [--window=30,60] [--workloads=50] [--out=FILE] [--log=FOLDER] [--before=FILE], "
        + "or --tables=FILE [--before=FILE]";

    /// <exception cref="FormatException">An argument is unknown or wrong; the message says which one.</exception>
    public static ExamOptions Parse(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, string>
        {
            ["seeds"] = "1,2,3,4,5",
            ["learn"] = "8,29",
            ["window"] = "30,60",
            ["workloads"] = "50",
            ["out"] = "",
            ["log"] = "",
            ["tables"] = "",
            ["before"] = "",
        };
        foreach (var argument in arguments)
        {
            if (argument.Split('=', 2) is not [var name, var value] || !name.StartsWith("--", StringComparison.Ordinal) || !values.ContainsKey(name[2..]))
                throw new FormatException($"'{argument}' is no argument of this program");
            values[name[2..]] = value;
        }

        var plays =
            from seed in Numbers("seeds", 1, 1_000_000)
            from learn in Numbers("learn", 1, 60)
            from window in Numbers("window", 30, 60)
            from workloads in Numbers("workloads", 50, 5_000)
            select window % Time.Step == 0 ? new MeshOptions(seed, learn, window, workloads) : throw new FormatException("--window takes 30 and 60");
        return new([.. plays], values["out"], values["log"], values["tables"], values["before"]);

        IEnumerable<int> Numbers(string key, int least, int most) => values[key].Split(',').Select(text =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw new FormatException($"--{key} takes whole numbers from {least} to {most}, separated by commas; '{text}' is none"));
    }
}
