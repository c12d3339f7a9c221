import { Component, type ReactNode } from "react";
import { ErrorNotice } from "./controls";

/** Boundary says what went wrong in a page, and leaves the rest of the application at work. */
export class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <div className="page-body">
        <ErrorNotice error={this.state.error} retry={() => this.setState({ error: undefined })} />
      </div>
    );
  }
}
