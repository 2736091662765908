using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace FaaS.Infrastructure.Fleet.Kumori;

/// <summary>How the tool is given the password.</summary>
public enum KumoriPrompt
{
    /// <summary>Through a pipe; through a terminal once the tool has said that it wants one.</summary>
    Auto,

    /// <summary>Through a pipe.</summary>
    Pipe,

    /// <summary>Through a pseudo terminal, which util-linux's <c>script</c> makes.</summary>
    Terminal,
}

/// <summary>Settings of the fleet that is the Kumori platform, section <c>KumoriFleet</c>.</summary>
public sealed class KumoriFleetOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "KumoriFleet";

    /// <summary>The platform's command line tool, and its first arguments if it needs any, parted by spaces.</summary>
    /// <value>Default <c>kumorictl</c>, which is looked for on the path; <c>kam ctl</c> is another.</value>
    [Required]
    public string Tool { get; set; } = "kumorictl";

    /// <summary>The folder in which the tool is run: its workspace, and the CUE module that is deployed.</summary>
    /// <value>Default <c>cue</c>, in the scaler's working directory.</value>
    [Required]
    public string Directory { get; set; } = "cue";

    /// <summary>What <c>update</c> is given as the deployment's manifests, as seen from <see cref="Directory"/>.</summary>
    /// <value>Default <c>./kumori/deployment</c>.</value>
    [Required, RegularExpression("[^-].*")]
    public string Manifests { get; set; } = "./kumori/deployment";

    /// <summary>The file with the number of workers, as seen from <see cref="Directory"/>. It is written as a whole.</summary>
    /// <value>Default <c>variables/num_workers/num_workers.cue</c>.</value>
    [Required]
    public string Variable { get; set; } = "variables/num_workers/num_workers.cue";

    /// <summary>The name of the deployment, with its domain before it where the tool wants that.</summary>
    /// <value>Default <c>faas</c>.</value>
    [Required, RegularExpression("[A-Za-z0-9][A-Za-z0-9._/-]*")]
    public string Deployment { get; set; } = "faas";

    /// <summary>The role that the workers have in the deployment.</summary>
    /// <value>Default <c>worker</c>.</value>
    [Required, RegularExpression("[A-Za-z0-9][A-Za-z0-9_-]*")]
    public string Role { get; set; } = "worker";

    /// <summary>A regular expression for the name of a worker's instance, as <c>describe</c> writes it.</summary>
    /// <value>Default empty: names that hold the role's, and a digit after it.</value>
    public string? Instance { get; set; }

    /// <summary>The file with the user on its first line and the password on its second; read anew for each call.</summary>
    /// <value>Default <c>KUMORI_CREDENTIALS</c>, in the scaler's working directory.</value>
    [Required]
    public string Credentials { get; set; } = "KUMORI_CREDENTIALS";

    /// <summary>How the tool is given the password.</summary>
    /// <value>Default <see cref="KumoriPrompt.Auto"/>.</value>
    [EnumDataType(typeof(KumoriPrompt))]
    public KumoriPrompt Prompt { get; set; }

    /// <summary>How long the tool may take to log in or to describe, and on top of <see cref="Wait"/> to update.</summary>
    /// <value>100 ms to 10 min; default 1 min.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the tool is told to wait for an update to come into force.</summary>
    /// <value>0 (it is not told to wait) to 1 h, in whole seconds; default 5 min.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Wait { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How much the tool may write in one run before it is ended.</summary>
    /// <value>4 KiB to 64 MiB; default 4 MiB.</value>
    [Range(4_096, 67_108_864)]
    public int OutputBytesMax { get; set; } = 4_194_304;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Tool.All(char.IsWhiteSpace))
            yield return new ValidationResult($"{SectionName}:{nameof(Tool)} must name a program.");
        if (Wait.Ticks % TimeSpan.TicksPerSecond != 0)
            yield return new ValidationResult($"{SectionName}:{nameof(Wait)} must be whole seconds.");
        if (!IsPattern(Instance))
            yield return new ValidationResult(
                $"{SectionName}:{nameof(Instance)} must be a regular expression without lookarounds and backreferences.");
    }

    private static bool IsPattern(string? text)
    {
        try
        {
            _ = new Regex(text ?? "", RegexOptions.NonBacktracking);
            return true;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }
}
