package connect

import (
	"context"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/logging"
)

// ServiceLog is a log that a service of Oracle writes about one resource.
type ServiceLog struct {
	ID, Group, Name string
	Service         string // such as oacnativeproduction
	Category        string // such as audit
	Resource        string // OCID of what it is about
	Enabled         bool   // and not being made, deleted or failed
	RetentionDays   int    // 0 when it does not say
}

const (
	logPage      = 100
	mostLogPages = 20
)

// ServiceLogs lists the service logs of a compartment and, when it is the
// tenancy's root or empty, of all compartments below. Empty stands for the tenancy.
func (o *OCI) ServiceLogs(ctx context.Context, compartment string) ([]ServiceLog, error) {
	if compartment == "" {
		compartment = o.tenancy
	}
	subtree := compartment == o.tenancy
	var out []ServiceLog
	var page *string
	for range mostLogPages {
		var resp logging.ListLogGroupsResponse
		err := o.call(ctx, "list log groups", logsHint, func(ctx context.Context) (err error) {
			resp, err = o.manage.ListLogGroups(ctx, logging.ListLogGroupsRequest{CompartmentId: &compartment, IsCompartmentIdInSubtree: &subtree,
				Limit: common.Int(logPage), Page: page})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, g := range resp.Items {
			logs, err := o.serviceLogs(ctx, value(g.Id))
			if err != nil {
				return nil, err
			}
			out = append(out, logs...)
		}
		if page = resp.OpcNextPage; value(page) == "" {
			break
		}
	}
	return out, nil
}

func (o *OCI) serviceLogs(ctx context.Context, group string) ([]ServiceLog, error) {
	var out []ServiceLog
	var page *string
	for range mostLogPages {
		var resp logging.ListLogsResponse
		err := o.call(ctx, "list logs", logsHint, func(ctx context.Context) (err error) {
			resp, err = o.manage.ListLogs(ctx, logging.ListLogsRequest{LogGroupId: &group, LogType: logging.ListLogsLogTypeService, Limit: common.Int(logPage), Page: page})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, l := range resp.Items {
			out = append(out, serviceLog(value(l.Id), group, value(l.DisplayName), l.LifecycleState, l.IsEnabled, l.RetentionDuration, l.Configuration))
		}
		if page = resp.OpcNextPage; value(page) == "" {
			break
		}
	}
	return out, nil
}

// ServiceLog looks up one log; one that no service writes has no Service.
func (o *OCI) ServiceLog(ctx context.Context, group, id string) (*ServiceLog, error) {
	var out ServiceLog
	err := o.call(ctx, "look up the log", logsHint, func(ctx context.Context) error {
		resp, err := o.manage.GetLog(ctx, logging.GetLogRequest{LogGroupId: &group, LogId: &id})
		if err == nil {
			out = serviceLog(value(resp.Id), group, value(resp.DisplayName), resp.LifecycleState, resp.IsEnabled, resp.RetentionDuration, resp.Configuration)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

func serviceLog(id, group, name string, state logging.LogLifecycleStateEnum, enabled *bool, days *int, c *logging.Configuration) ServiceLog {
	l := ServiceLog{ID: id, Group: group, Name: clean(name), Enabled: state == logging.LogLifecycleStateActive && enabled != nil && *enabled}
	if days != nil {
		l.RetentionDays = *days
	}
	if c != nil {
		if s, ok := c.Source.(logging.OciService); ok {
			l.Service, l.Category, l.Resource = clean(value(s.Service)), clean(value(s.Category)), clean(value(s.Resource))
		}
	}
	return l
}

func logsHint(e *Error) {
	if e.Kind == NotFound || e.Kind == Forbidden {
		e.Hint = "check compartment and log_group, and grant: allow group G to read log-groups in compartment C"
	}
}
