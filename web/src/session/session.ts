import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { api, type Session } from "../api/client";

export const SessionContext = createContext<Session>({ user: { id: "", name: "", groups: [], administrator: false } });

export function useSession(): Session {
  return useContext(SessionContext);
}

/** useStatus is what the server says of itself; clock tells how far its clock is ahead of ours. */
export function useStatus() {
  return useQuery({
    queryKey: ["status"],
    queryFn: async () => {
      const s = await api.status();
      return { ...s, clock: Date.parse(s.time) - Date.now() };
    },
    staleTime: 60_000,
  });
}

/** useContent is the whole library: log sources, parsers, fields and labels. */
export function useContent() {
  return useQuery({ queryKey: ["content"], queryFn: api.content, staleTime: 60_000 });
}
