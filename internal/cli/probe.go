package cli

import "github.com/spf13/cobra"

func newProbe(e Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "design probes, and prove that they ask the right questions",
		Long: "Probe is about the three questions that Kubernetes asks of a container: is the boot over (started), may requests be sent to it (ready), would\n" +
			"a restart help (live). Simulate says what today's probes will do, recommend which numbers to take, and verify whether the endpoints answer\n" +
			"what they are asked.",
		Args: knownVerb,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(newProbeSimulate(e), newProbeRecommend(e), newProbeVerify(e))
	return cmd
}
