package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

type userAnswer struct {
	ID, Name, Description, Issuer string
	Groups                        []string
	Password, Disabled, ReadOnly  bool
	Keys                          int
}

func userPath(name string) string { return "/ledgerline/v1/users/" + url.PathEscape(name) }

func newUsers(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "users",
		Short: "Say who may use the server, and log in to it",
	}
	cmd.AddCommand(newUsersAdd(g), newUsersList(g), newUsersSet(g), newUsersSwitch(g, "disable", "Let a user in no more, at once, with neither password nor key", true),
		newUsersSwitch(g, "enable", "Let a user that was disabled in again", false), newUsersPassword(g), newUsersLink(g), newUsersDelete(g))
	return cmd
}

// passwordFlags say where a password comes from.
type passwordFlags struct{ stdin, none bool }

func (p *passwordFlags) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.stdin, "password-stdin", false, "read the password from standard input")
}

// password reads it, or makes one that must be shown to somebody.
func (p *passwordFlags) password(g *globals) (word string, made bool, err error) {
	switch {
	case p.none:
		return "", false, nil
	case p.stdin:
		line, err := bufio.NewReader(g.in).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", false, errors.Join(errors.New("no password on standard input"), err)
		}
		return line, false, nil
	}
	return strings.ToLower(rand.Text()), true, nil
}

func newUsersAdd(g *globals) *cobra.Command {
	var p passwordFlags
	var groups []string
	var description string
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user, and print its password unless one is given",
		Long: `Add a user. What it may do is what policies allow its groups; members of the group
Administrators may do everything.`,
		Example: "  ledgerline users add auditor --group Readers\n  ledgerline users add robot --group Uploaders --no-password",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			word, made, err := p.password(g)
			if err != nil {
				return err
			}
			var u userAnswer
			body := map[string]any{"name": args[0], "description": description, "groups": groups, "password": word}
			if err := c.call(cmd.Context(), "POST", "/ledgerline/v1/users", body, &u); err != nil {
				return err
			}
			fmt.Fprintln(g.out, u.ID)
			if made {
				fmt.Fprintf(g.out, "password %s\n", word)
			}
			return nil
		},
	}
	p.register(cmd)
	cmd.Flags().BoolVar(&p.none, "no-password", false, "a user with API keys only")
	cmd.Flags().StringSliceVar(&groups, "group", nil, "a group the user is in; may be given more than once")
	cmd.Flags().StringVar(&description, "description", "", "who or what this is")
	cmd.MarkFlagsMutuallyExclusive("password-stdin", "no-password")
	return cmd
}

func newUsersList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the users",
		Example: "  ledgerline users list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct{ Items []userAnswer }
			if err := g.list(cmd, "/ledgerline/v1/users", &list); err != nil {
				return err
			}
			var rows [][]string
			for _, u := range list.Items {
				state, from := "active", "here"
				if u.Disabled {
					state = "disabled"
				}
				switch {
				case u.ReadOnly:
					from = "configuration file"
				case u.Issuer != "":
					from = u.Issuer
				}
				rows = append(rows, []string{u.Name, state, strings.Join(u.Groups, ", "), fmt.Sprint(u.Keys), from, u.ID, u.Description})
			}
			printTable(g.out, []string{"Name", "State", "Groups", "Keys", "From", "OCID", "Description"}, rows)
			return nil
		},
	}
}

func newUsersSet(g *globals) *cobra.Command {
	var groups []string
	var description string
	cmd := &cobra.Command{
		Use:     "set NAME",
		Short:   "Change the groups or the description of a user",
		Example: "  ledgerline users set auditor --group Readers --group \"Dashboard authors\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]any{}
			if cmd.Flags().Changed("group") {
				body["groups"] = append([]string{}, groups...)
			}
			if cmd.Flags().Changed("description") {
				body["description"] = description
			}
			return g.changeUser(cmd, args[0], body)
		},
	}
	cmd.Flags().StringSliceVar(&groups, "group", nil, "a group, in place of those the user is in; may be given more than once, empty for none")
	cmd.Flags().StringVar(&description, "description", "", "who or what this is")
	return cmd
}

func (g *globals) changeUser(cmd *cobra.Command, name string, body map[string]any) error {
	c, err := g.client()
	if err != nil {
		return err
	}
	return c.call(cmd.Context(), "PUT", userPath(name), body, nil)
}

func newUsersSwitch(g *globals, name, short string, disabled bool) *cobra.Command {
	return &cobra.Command{
		Use:     name + " NAME",
		Short:   short,
		Example: "  ledgerline users " + name + " auditor",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.changeUser(cmd, args[0], map[string]any{"disabled": disabled})
		},
	}
}

func newUsersPassword(g *globals) *cobra.Command {
	var p passwordFlags
	cmd := &cobra.Command{
		Use:     "password NAME",
		Short:   "Give a user a new password, which is printed unless it is given, and end its sessions",
		Example: "  ledgerline users password auditor",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			word, made, err := p.password(g)
			if err != nil {
				return err
			}
			if err := g.changeUser(cmd, args[0], map[string]any{"password": word}); err != nil {
				return err
			}
			if made {
				fmt.Fprintf(g.out, "password %s\n", word)
			}
			return nil
		},
	}
	p.register(cmd)
	return cmd
}

func newUsersLink(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "link NAME",
		Short:   "Print a link that logs a browser on this machine in as a user, once, within an hour",
		Example: "  ledgerline users link auditor",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			if cfg.Server == nil {
				return fmt.Errorf("%s has no server section", cfg.Path)
			}
			var link struct{ Path string }
			if err := newClient(cfg.Data).call(cmd.Context(), "POST", userPath(args[0])+"/link", nil, &link); err != nil {
				return err
			}
			fmt.Fprintln(g.out, baseURL(cfg.Server)+link.Path)
			return nil
		},
	}
}

func newUsersDelete(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a user, at once, with its sessions and API keys",
		Long: `Delete a user, at once, with its sessions and API keys. The audit keeps its name. Whom an
identity provider vouches for comes back with the next login: disable such a user instead.`,
		Example: "  ledgerline users delete auditor",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			return c.call(cmd.Context(), "DELETE", userPath(args[0]), nil, nil)
		},
	}
}
